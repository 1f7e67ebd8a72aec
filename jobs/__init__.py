"""The things one runs: the command line, the Dask job, the process that reads."""

import os

# Arrow's own allocators keep what tables used for its next ones, after a million scans 200 MB; the
# system's gives it back (`jobs.memory`). Arrow looks when it is loaded, so it stands here.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
