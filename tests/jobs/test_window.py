"""The sliding window: what becomes of each way in which a batch can end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from distributed import KilledWorker

import jobs.cluster
from jobs.batch import Receipt
from jobs.cluster import MOST_DEATHS, WINDOW, Cluster, run_batches
from jobs.places import LocalPlace
from jobs.settings import BatchSettings, ReaderSettings
from pipeline.count.store import Part
from pipeline.election import Election
from pipeline.errors import ActasError, ClusterError, InterruptedRunError
from pipeline.read.scans import ScanFile

DONE = Receipt(Part("part-x.parquet", 1, 1, 1), 1, {"read": 1}, 0.1)


def died() -> KilledWorker:
    return KilledWorker("batch", None, 0)


@dataclass(eq=False)
class FakeFuture:
    """A future that has ended: with a receipt, an error, cancelled, or out of reach."""

    key: str
    end: object

    @property
    def status(self) -> str:
        if isinstance(self.end, str):
            return self.end
        fetched_late = isinstance(self.end, TimeoutError)
        return "error" if isinstance(self.end, Exception) and not fetched_late else "finished"

    def exception(self) -> object:
        return self.end

    def result(self, timeout: float) -> object:
        if isinstance(self.end, TimeoutError):
            raise self.end
        return self.end

    def release(self) -> None:
        return None


@dataclass
class FakeClient:
    """Ends the tasks of each batch one after the other as it was told."""

    ends: Callable[[str, int], object]
    keys: list[str] = field(default_factory=list)
    threads: int = 1

    def submit(self, *_task: object, key: str, retries: int) -> FakeFuture:
        assert key not in self.keys, "a key that has failed cannot be used again"
        self.keys.append(key)
        name, _, number = key.rpartition("-")
        return FakeFuture(key, self.ends(name, int(number)))

    def nthreads(self) -> dict[str, int]:
        return {"tcp://127.0.0.1:1": self.threads}


class NoStop:
    asked = 0.0


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs.cluster, "wait", lambda *args, **options: None)
    monkeypatch.setattr(jobs.cluster, "RECEIPT_SECONDS", 0.0)


def run(
    client: FakeClient, election: Election, batches: Iterator[tuple[ScanFile, ...]] | None = None
) -> list[Receipt]:
    cluster = Cluster(client, client.threads, "", LocalPlace(kind="local"))
    settings = BatchSettings(ReaderSettings(election.rules), "test", 1, "/nowhere")
    batches = batches or iter([(ScanFile("/first.jpg", 1, ""), ScanFile("/last.jpg", 1, ""))])
    return list(run_batches(cluster, batches, settings, NoStop()))


@pytest.mark.parametrize("first", [died(), TimeoutError()])
def test_a_batch_whose_worker_died_is_handed_out_again(tiny: Election, first: Exception) -> None:
    client = FakeClient(lambda _, number: first if number < MOST_DEATHS - 1 else DONE)
    assert run(client, tiny) == [DONE]
    assert len(client.keys) == MOST_DEATHS


def test_a_receipt_that_died_with_its_worker_is_waited_for_and_not_handed_out_twice(
    tiny: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler knows that the worker is gone, and has the batch read again by itself."""
    states = ["finished"]

    class Dying(FakeFuture):
        @property
        def status(self) -> str:
            return states[-1]

        def result(self, timeout: float) -> object:
            if len(states) > 1:
                return DONE
            states.append("lost")
            raise TimeoutError

    class DyingClient(FakeClient):
        def submit(self, *task: object, key: str, retries: int) -> FakeFuture:
            return Dying(super().submit(*task, key=key, retries=retries).key, DONE)

    def look(*_: object, **_options: object) -> None:
        if states[-1] == "lost":
            states.append("pending" if "pending" not in states else "finished")
        elif states[-1] == "pending":
            states.append("finished")

    monkeypatch.setattr(jobs.cluster, "wait", look)
    monkeypatch.setattr(jobs.cluster, "RECEIPT_SECONDS", 60.0)
    client = DyingClient(lambda *_: DONE)
    assert run(client, tiny) == [DONE]
    assert states == ["finished", "lost", "pending", "finished"]
    assert len(client.keys) == 1


def test_but_not_for_ever(tiny: Election) -> None:
    client = FakeClient(lambda *_: died())
    with pytest.raises(InterruptedRunError, match=r"3 workers .* /first\.jpg to /last\.jpg"):
        run(client, tiny)
    assert len(client.keys) == MOST_DEATHS


@pytest.mark.parametrize(
    ("end", "kind", "said"),
    [
        ("cancelled", InterruptedRunError, "connection to the cluster was lost"),
        (ClusterError("another version"), ClusterError, "another version"),
        (OSError(28, "No space left on device"), OSError, "No space"),
        (ValueError("a bug"), InterruptedRunError, "ValueError: a bug"),
    ],
)
def test_what_cannot_be_mended_ends_the_run_with_its_reason(
    tiny: Election, end: object, kind: type[Exception], said: str
) -> None:
    client = FakeClient(lambda *_: end)
    with pytest.raises(kind, match=said) as ended:
        run(client, tiny)
    assert isinstance(ended.value, ActasError | OSError)
    assert len(client.keys) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        (
            OSError("Timed out trying to connect after 15 s"),
            InterruptedRunError,
            "cluster was lost",
        ),
        (TimeoutError(), InterruptedRunError, "cluster was lost"),
        (OSError(28, "No space left on device"), OSError, "No space"),
    ],
)
def test_a_connection_that_breaks_is_not_taken_for_a_disk_that_is_full(
    fault: OSError, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said), jobs.cluster._connected():
        raise fault


def test_no_more_batches_are_in_hand_than_the_window_holds(
    tiny: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it grows with the cluster."""
    client = FakeClient(lambda *_: DONE, threads=2)
    taken: list[int] = []
    seen: list[int] = []

    def batches() -> Iterator[tuple[ScanFile, ...]]:
        for number in range(40):
            taken.append(number)
            yield (ScanFile(f"/{number}.jpg", 1, ""),)

    def look(running: set[Any], **_: object) -> None:
        seen.append(len(running))
        if len(seen) == 2:
            client.threads = 5
            monkeypatch.setattr(jobs.cluster, "COUNT_SECONDS", 0.0)

    monkeypatch.setattr(jobs.cluster, "wait", look)
    assert len(run(client, tiny, batches())) == len(taken) == 40
    assert seen[:2] == [2 * WINDOW] * 2
    assert max(seen) == 5 * WINDOW
