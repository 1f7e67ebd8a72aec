"""The things one runs: the command line, the Dask job, the process that reads."""
