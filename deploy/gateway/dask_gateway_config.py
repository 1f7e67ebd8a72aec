# A dask-gateway server for actas: `dask-gateway-server -f dask_gateway_config.py`.
# ruff: noqa: F821  (traitlets puts `c` there)
#
# The server starts clusters for people who have its password and no account on its machines.
# Backends: dask_gateway_server.backends.local.LocalBackend (this machine, as the user who asked;
# needs root), .jobqueue.slurm.SlurmBackend, .jobqueue.pbs.PBSBackend, .kubernetes.KubeBackend.
"""Configuration of a dask-gateway server for actas."""

import os
from pathlib import Path

from dask_gateway_server.options import Integer, Options

c.DaskGateway.backend_class = "dask_gateway_server.backends.local.LocalBackend"

# Without certificates the server speaks plain HTTP and hands out the keys of its clusters in it:
# then it listens on this machine alone. Behind a proxy that does TLS, leave it so.
TLS = Path("/etc/dask-gateway/tls")
if TLS.is_dir():
    c.Proxy.tls_cert = str(TLS / "cert.pem")
    c.Proxy.tls_key = str(TLS / "key.pem")
    c.Proxy.address = ":443"
else:
    c.Proxy.address = "127.0.0.1:8000"

# One password for all, from the environment (a systemd credential, a Kubernetes secret). Kerberos
# and JupyterHub know people apart: see the gateway's documentation.
c.DaskGateway.authenticator_class = "dask_gateway_server.auth.SimpleAuthenticator"
c.SimpleAuthenticator.password = os.environ["ACTAS_GATEWAY_PASSWORD"]

# The gateway's defaults, dask-scheduler and dask-worker, no longer exist.
c.ClusterConfig.scheduler_cmd = ["dask", "scheduler"]
c.ClusterConfig.worker_cmd = ["dask", "worker"]

# A run that was killed leaves its cluster behind: it ends after half an hour without work.
c.ClusterConfig.idle_timeout = 1800
c.ClusterConfig.worker_cores = 2
c.ClusterConfig.worker_memory = "4 G"
c.Backend.cluster_options = Options(Integer("worker_cores", default=2, min=1, max=64))

# What `actas cluster scheduler` and `actas cluster worker` set (jobs/engine.py).
c.ClusterConfig.environment = {
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION": "1.0",
    "DASK_DISTRIBUTED__SCHEDULER__WORK_STEALING": "False",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "12s",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "15s",
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "30s",
    "DASK_DISTRIBUTED__WORKER__MEMORY__TARGET": "False",
    "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL": "False",
    "DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE": "False",
    "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "False",
    "DASK_DISTRIBUTED__SCHEDULER__ACTIVE_MEMORY_MANAGER__START": "False",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
}
