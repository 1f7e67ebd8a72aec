"""Noticing that this machine's clock was set back."""

from __future__ import annotations

import time

from pipeline.errors import InterruptedRunError

TOLERANCE = 2.0
"""Seconds. Dask stands still for as long as the clock was set back; so much may be waited out."""


class Clock:
    """Compares the clock on the wall with the one that only goes forward."""

    def __init__(self) -> None:
        self._ahead = time.time() - time.monotonic()

    def check(self) -> None:
        """Raise InterruptedRunError if the clock was set back since the last look.

        Dask's connections wait for times of the wall clock before they send: set back by a day,
        they send nothing for a day, and say nothing of it.
        """
        ahead = time.time() - time.monotonic()
        back, self._ahead = self._ahead - ahead, ahead
        if back > TOLERANCE:
            raise InterruptedRunError(
                f"The clock of this machine was set back by {back:.0f} seconds; Dask cannot go on.",
                "What was read is kept. Run the same command again to go on.",
            )
