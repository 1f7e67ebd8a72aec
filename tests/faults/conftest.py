"""The faults work on the town of the tests of `jobs`, and hold against its undisturbed run."""

from __future__ import annotations

from tests.jobs.conftest import (
    bucket as bucket,
)
from tests.jobs.conftest import (
    faults as faults,
)
from tests.jobs.conftest import (
    island_election as island_election,
)
from tests.jobs.conftest import (
    island_folder as island_folder,
)
from tests.jobs.conftest import (
    server as server,
)
from tests.jobs.conftest import (
    town as town,
)
from tests.jobs.conftest import (
    undisturbed as undisturbed,
)
