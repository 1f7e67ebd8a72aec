"""The house: who may import whom, and what the pure rooms never touch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
FILES = sorted(
    path.relative_to(PROJECT)
    for room in ("pipeline", "jobs")
    for path in (PROJECT / room).rglob("*.py")
)
ROOMS = ("election", "read", "count", "analyse", "publish")
GROUND = {"errors", "findings", "schema", "layout", "lettering", "election"}
"""What stands left of `read`: any room may import it, it imports none of them."""
BEYOND = {"dask", "distributed", "typer", "click", "rich", "jobs"}
CLOCK = {
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter",
    "time.perf_counter_ns", "time.process_time", "time.localtime", "time.gmtime", "time.strftime",
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
}  # fmt: skip
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv"}


def _pipeline() -> list[Path]:
    return [path for path in FILES if path.parts[0] == "pipeline"]


def _tree(path: Path) -> ast.Module:
    return ast.parse((PROJECT / path).read_text(encoding="utf-8"))


def _imports(path: Path) -> Iterator[str]:
    """Full names of all that a file imports, wherever in it."""
    package = path.with_suffix("").parts[:-1]
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in _imports(path)}


def _rooms(path: Path) -> set[str]:
    """The rooms of the pipeline that a file imports."""
    names = (name.split(".") for name in _imports(path))
    return {parts[1] for parts in names if parts[0] == "pipeline" and len(parts) > 1}


def _attributes(path: Path) -> Iterator[str]:
    """Dotted names that a file uses, and those that it imports."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)
    yield from _imports(path)


def test_there_is_a_house() -> None:
    assert len(_pipeline()) > 20
    assert any(path.parts[0] == "jobs" for path in FILES)


@pytest.mark.parametrize("path", _pipeline(), ids=str)
def test_the_pipeline_knows_no_engine_and_no_terminal(path: Path) -> None:
    assert _roots(path) & BEYOND == set()


@pytest.mark.parametrize("path", _pipeline(), ids=str)
def test_the_pipeline_reads_no_clock_and_no_environment(path: Path) -> None:
    assert set(_attributes(path)) & (CLOCK | ENVIRONMENT) == set()


@pytest.mark.parametrize("path", _pipeline(), ids=str)
def test_imports_run_one_way(path: Path) -> None:
    room = path.parts[1].removesuffix(".py")
    if room in GROUND:
        allowed = GROUND
    elif room in ROOMS:
        allowed = GROUND | set(ROOMS[: ROOMS.index(room) + 1])
    elif room == "synthetic":
        allowed = GROUND | {"synthetic"}
    else:
        assert room == "__init__", f"{path}: a room that DESIGN.md does not know"
        allowed = set()
    assert _rooms(path) - {"__init__"} <= allowed


@pytest.mark.parametrize("path", [path for path in FILES if "synthetic" not in path.parts], ids=str)
def test_only_jobs_and_tests_know_the_invented_election(path: Path) -> None:
    if path.parts[0] == "pipeline":
        assert "synthetic" not in _rooms(path)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_distributed_is_known_in_two_files_only(path: Path) -> None:
    if path not in (Path("jobs/cluster.py"), Path("jobs/tally.py")):
        assert "distributed" not in _roots(path)


def test_the_symbol_and_the_print_meet_only_in_the_sheet() -> None:
    for path in FILES:
        if path.parts[:3] in (("pipeline", "read", "qr"), ("pipeline", "read", "printed")):
            other = "printed" if path.parts[2] == "qr" else "qr"
            assert not any(name.startswith(f"pipeline.read.{other}") for name in _imports(path))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(_tree(path)), path


def test_no_module_imports_itself_in_a_circle() -> None:
    modules = {".".join(path.with_suffix("").parts): path for path in FILES}
    links = {
        name: {target for found in _imports(path) if (target := _module_of(found, modules))}
        for name, path in modules.items()
    }
    done: set[str] = set()
    for name in links:
        _walk(name, links, done, ())


def _module_of(name: str, modules: dict[str, Path]) -> str | None:
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name or None


def _walk(name: str, links: dict[str, set[str]], done: set[str], path: tuple[str, ...]) -> None:
    assert name not in path, " -> ".join([*path[path.index(name) :], name])
    if name not in done:
        for target in sorted(links[name] - {name}):
            _walk(target, links, done, (*path, name))
        done.add(name)
