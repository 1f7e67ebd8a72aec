"""The things one runs: the command line, the Dask job, the process that reads."""

import os

# Arrow's own allocators keep what tables used for its next ones, after a million scans 200 MB; the
# system's gives it back (`jobs.memory`). Arrow looks when it is loaded, so it stands here.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
# One thread a process, as each core has one: others would only wait, which costs CPU too. Numerical
# libraries look when they are loaded; the processes that are started from here inherit it.
os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
