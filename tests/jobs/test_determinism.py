"""The same bytes everywhere: whatever the workers, batches, surroundings and order of the files.

Compared is the sha256 of every file that a run and `actas publish` leave, but for the ledger, which
tells how the work was cut, and for the few that name its version or the time.
"""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest

from tests.jobs import island
from tests.jobs.running import actas, products, tally_args

CHANGING = (
    "site/site.json", "site/methods.html", "site/es/methods.html", "versions/000001.json", ".lock",
)  # fmt: skip
"""They name the ledger's version (how often it was committed), seconds, the time or the process."""
ROOMS = {"site", "open-data", "totals", "versions", "election"}
TABLES = {"actas.parquet", "findings.csv", "unread.csv", "summary.json"}


def digests(out: Path) -> dict[str, str]:
    """The sha256 of every published file by its name."""
    files = {str(path.relative_to(out)): path for path in out.rglob("*") if path.is_file()}
    wanted = {name for name in files if not name.startswith("scans/")} - set(CHANGING)
    found = {name: hashlib.sha256(files[name].read_bytes()).hexdigest() for name in wanted}
    assert {name.partition("/")[0] for name in found} == ROOMS | TABLES
    return found | {"summary.json": summary_digest(out)}


def summary_digest(out: Path) -> str:
    """The sha256 of what the summary says beside seconds and the ledger's version."""
    summary = json.loads((out / "summary.json").read_bytes())
    assert set(summary["files"]) >= {"actas.parquet", "findings.csv", "totals/nation.csv"}
    del summary["seconds"], summary["table_version"]
    return hashlib.sha256(json.dumps(summary).encode()).hexdigest()


def counted(
    town: Path, out: Path, election: Path, *more: object, **surroundings: str
) -> dict[str, str]:
    """Count and publish; the digests of what there is then."""
    for args in (tally_args(town, out, election, *more), ("publish", str(out))):
        run = actas(*args, env=surroundings)
        assert run.code == (3 if args[0] == "tally" else 0), run.err
    return digests(out)


@pytest.fixture(scope="module")
def plain(
    town: Path, island_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """One worker, batches of four, this machine's surroundings."""
    return counted(town, tmp_path_factory.mktemp("plain") / "results", island_folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "surroundings"),
    [
        (("--batch", 4096), {"LANG": "C", "PYTHONHASHSEED": "1"}),
        (("--workers", 2, "--batch", 1), {"TZ": "Pacific/Chatham"}),
        (("--workers", 4, "--batch", 3), {"PYTHONHASHSEED": "7", "TZ": "UTC"}),
        (("--workers", 2, "--batch", 7), {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}),
        (("--workers", 4, "--batch", 64), {"LC_ALL": "tr_TR.UTF-8", "TZ": "America/Caracas"}),
    ],
    ids=["one batch", "a scan a batch", "four workers", "POSIX", "Turkish, Caracas"],
)
def test_neither_workers_nor_batches_nor_surroundings_change_a_byte(
    tmp_path: Path, town: Path, island_folder: Path, plain: dict[str, str],
    more: tuple[object, ...], surroundings: dict[str, str],
) -> None:  # fmt: skip
    found = counted(town, tmp_path / "results", island_folder, *more, **surroundings)
    assert found.keys() == plain.keys()
    assert [name for name in found if found[name] != plain[name]] == []


@pytest.mark.slow
def test_the_order_in_which_files_are_named_changes_no_byte(
    tmp_path: Path, town: Path, island_folder: Path, plain: dict[str, str]
) -> None:
    """A list of the same files, shuffled, some of them twice."""
    paths = sorted(map(str, town.iterdir()))
    random.Random(5).shuffle(paths)
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join([*paths, *paths[:9]]), encoding="utf-8")
    assert counted(listed, tmp_path / "results", island_folder, "--workers", 2) == plain


def test_the_order_in_which_files_came_does_not_matter(tmp_path: Path, island_folder: Path) -> None:
    files = {f"{n}.jpg": island.scan(island.payload(mesa=n)) for n in range(1, 5)}
    files |= {"again.jpg": files["1.jpg"], "copy.jpg": files["1.jpg"], "empty.jpg": b""}
    found: list[dict[str, bytes]] = []
    for names in (sorted(files), sorted(files, reverse=True)):
        # The same place both times, for the tables name it.
        scans = island.write_files(tmp_path / "scans", {name: files[name] for name in names})
        out = tmp_path / f"results{len(found)}"
        assert actas(*tally_args(scans, out, island_folder)).code == 3
        found.append(products(out))
        for path in scans.iterdir():
            path.unlink()
    assert found[0] == found[1]
