"""The Kubernetes manifests: valid by the real schemas, safe by default, and of one piece."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from jobs.places import SchedulerPlace, find_place
from tests.deploy.documents import (
    DEPLOY,
    Yaml,
    core_schema,
    custom_schema,
    documents,
    faults,
    parse_command,
    parse_script,
)

MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
SCHEMAS: dict[str, Callable[[], Yaml]] = {
    "DaskJob": lambda: custom_schema("daskjob"),
    "DaskCluster": lambda: custom_schema("daskcluster"),
    "CronJob": lambda: core_schema("CronJob"),
    "PersistentVolumeClaim": lambda: core_schema("PersistentVolumeClaim"),
    "NetworkPolicy": lambda: core_schema("NetworkPolicy"),
}
ALL = [(path.name, item) for path in MANIFESTS for item in documents(path)]
IDS = [f"{name}-{item['kind']}-{item['metadata']['name']}" for name, item in ALL]


def only(kind: str) -> Yaml:
    (found,) = (item for _, item in ALL if item["kind"] == kind)
    return found


def pods() -> Iterator[tuple[str, Yaml, Yaml]]:
    """Name, labels and spec of every pod that comes of the manifests."""
    for name, cluster in (
        ("job's", only("DaskJob")["spec"]["cluster"]["spec"]),
        ("standing", only("DaskCluster")["spec"]),
    ):
        for part in ("scheduler", "worker"):
            yield f"{name} {part}", cluster[part]["metadata"]["labels"], cluster[part]["spec"]
    job = only("DaskJob")["spec"]["job"]
    yield "job", job["metadata"]["labels"], job["spec"]
    template = only("CronJob")["spec"]["jobTemplate"]["spec"]["template"]
    yield "cron job", template["metadata"]["labels"], template["spec"]


PODS = list(pods())
POD_IDS = [name for name, _, _ in PODS]


@pytest.mark.parametrize(("name", "item"), ALL, ids=IDS)
def test_a_manifest_is_valid_by_the_real_schema(name: str, item: Yaml) -> None:
    assert faults(item, SCHEMAS[item["kind"]]()) == []


def test_every_kind_that_was_asked_for_is_there() -> None:
    assert {item["kind"] for _, item in ALL} == set(SCHEMAS)


def _container(item: Yaml) -> Yaml:
    spec = item["spec"]
    if item["kind"] == "DaskJob":
        found: Yaml = spec["job"]["spec"]["containers"][0]
    elif item["kind"] == "DaskCluster":
        found = spec["worker"]["spec"]["containers"][0]
    else:
        found = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    return found


@pytest.mark.parametrize("kind", ["DaskJob", "DaskCluster", "CronJob"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda item: _container(item).update(volumeMount=[]),
        lambda item: _container(item).pop("name"),
        lambda item: _container(item).update(args="--certs x"),
        lambda item: _container(item)["resources"]["limits"].update(memory=[1]),
        lambda item: _container(item)["securityContext"].update(readonlyRootFilesystem=True),
        lambda item: item["spec"].update(concurencyPolicy="Forbid"),
    ],
)
def test_the_schemas_find_mistakes(kind: str, spoil: Callable[[Yaml], Any]) -> None:
    item = copy.deepcopy(only(kind))
    spoil(item)
    assert faults(item, SCHEMAS[kind]()) != []


@pytest.mark.parametrize(("name", "labels", "pod"), PODS, ids=POD_IDS)
def test_a_pod_is_nobody_and_can_change_nothing(name: str, labels: Yaml, pod: Yaml) -> None:
    assert labels["app"] == "actas"
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    for container in pod["containers"]:
        own = container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False
        assert own["readOnlyRootFilesystem"] is True
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]
        assert not container["image"].endswith(":latest")
        assert ":" in container["image"].rpartition("/")[2]


@pytest.mark.parametrize(("name", "labels", "pod"), PODS, ids=POD_IDS)
def test_keys_are_mounted_where_they_are_looked_for(name: str, labels: Yaml, pod: Yaml) -> None:
    (secret,) = (volume["secret"] for volume in pod["volumes"] if "secret" in volume)
    role = name.split()[-1].replace("job", "client")
    assert secret["secretName"] == f"actas-certs-{role}"
    assert secret["defaultMode"] & 0o007 == 0
    (container,) = pod["containers"]
    paths = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    kubernetes = find_place("kubernetes")
    assert isinstance(kubernetes, SchedulerPlace)
    assert paths["certs"] == str(kubernetes.certs)
    assert {volume["name"] for volume in pod["volumes"]} == set(paths)


@pytest.mark.parametrize(("name", "labels", "pod"), PODS, ids=POD_IDS)
def test_commands_are_ours_and_their_options_exist(name: str, labels: Yaml, pod: Yaml) -> None:
    (container,) = pod["containers"]
    if container["command"] == ["sh", "-c"]:
        (script,) = container["args"]
        # A scan may be half uploaded when a timer strikes: `watch` lets it wait.
        assert parse_script(script) == ("watch" if (name == "cron job") else "tally")
        assert ("--once" in script) == (name == "cron job")
        assert script.endswith("|| [ $? -eq 3 ]")
        assert pod["restartPolicy"] == "OnFailure"
    else:
        assert parse_command(container["command"] + container["args"]) == name.split()[-1]


@pytest.mark.parametrize("kind", ["DaskJob", "DaskCluster"])
def test_all_meet_at_the_schedulers_service(kind: str) -> None:
    """The operator calls it after the cluster, which it calls after the job."""
    item = only(kind)
    kubernetes = find_place("kubernetes")
    assert isinstance(kubernetes, SchedulerPlace)
    address = urlsplit(kubernetes.address)
    assert address.hostname == f"{item['metadata']['name']}-scheduler"
    cluster = item["spec"]["cluster"]["spec"] if kind == "DaskJob" else item["spec"]
    service = cluster["scheduler"]["service"]
    assert service["selector"] == {
        "dask.org/cluster-name": item["metadata"]["name"],
        "dask.org/component": "scheduler",
    }
    assert service["type"] == "ClusterIP"
    ports = {port["name"]: port["port"] for port in service["ports"]}
    assert ports == {"tcp-comm": address.port, "http-dashboard": 8787}
    (worker,) = cluster["worker"]["spec"]["containers"]
    assert kubernetes.address in worker["args"]
    named = worker["args"][worker["args"].index("--name") + 1]
    assert named == "$(DASK_WORKER_NAME)"  # by which the operator knows them


def test_scheduled_runs_do_not_overtake_each_other() -> None:
    spec = only("CronJob")["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["startingDeadlineSeconds"] > 0


def test_the_volumes_that_are_mounted_are_claimed() -> None:
    claimed = {item["metadata"]["name"] for _, item in ALL if "Claim" in item["kind"]}
    used = {
        volume["persistentVolumeClaim"]["claimName"]
        for _, _, pod in PODS
        for volume in pod["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert used == claimed


def test_both_kinds_of_run_have_the_same_cluster() -> None:
    jobs = copy.deepcopy(only("DaskJob")["spec"]["cluster"]["spec"])
    standing = copy.deepcopy(only("DaskCluster")["spec"])
    for cluster in (jobs, standing):
        del cluster["worker"]["replicas"]
    assert jobs == standing
