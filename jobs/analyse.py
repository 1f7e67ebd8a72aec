"""`actas analyse` and `actas compare`: what a count means, and how it stands beside others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.count.place import Place
from pipeline.errors import ConfigError, ResultsError

if TYPE_CHECKING:
    from jobs.report import Loaded
    from pipeline.analyse.analysis import Analysis
    from pipeline.analyse.compare import Comparison
    from pipeline.election import Election, ResultColumns

Results = Annotated[Path, typer.Argument(help="A results folder, as `actas tally --out` made it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
ANALYSIS, COMPARISON, DIFFERENCES = "analysis.json", "comparison.json", "differences.csv"


def analyse(
    results: Results,
    rounds: Annotated[
        int,
        typer.Option(min=0, max=10_000, help="Rounds that check the estimate; 0 leaves that out."),
    ] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Of those rounds.")] = 20240728,
    as_json: Json = False,
) -> None:
    """Coverage, bounds, an estimate of the whole, announced results, integrity of the sheets.

    Writes RESULTS/analysis.json; docs/analysis.md says what each figure means.

    \b
    Examples:
      actas analyse results
      actas analyse results --rounds 1000
      actas analyse results --json > analysis.json
    """
    from pipeline.analyse.plain import plain_analysis

    place = Place.of(results)
    analysis = analyse_results(finished(results), rounds, seed)
    answer = plain_analysis(analysis)
    _write_json(place, ANALYSIS, answer)
    if as_json:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    from jobs.show_analysis import show_analysis

    show_analysis(analysis)
    typer.echo(f"Everything, by every level: {place}/{ANALYSIS}")


def compare(
    results: Results,
    other: Annotated[Path, typer.Argument(help="A CSV table of results by mesa.")],
    mapping: Annotated[
        Path | None,
        typer.Option(
            help="YAML that names its columns. Default: `result_columns` of the definition."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Hold the count against a published table of results, mesa by mesa.

    Writes RESULTS/differences.csv and RESULTS/comparison.json.

    \b
    Examples:
      actas compare results RESULTADOS_2024_CSV_V1.csv
      actas compare results other.csv --mapping columns.yaml
    """
    from pipeline.analyse.compare import compare as hold_against
    from pipeline.analyse.plain import plain_comparison
    from pipeline.analyse.published import read_table

    place = Place.of(results)
    loaded = finished(results)
    table = read_table(other, loaded.election, _columns(loaded.election, mapping))
    comparison = hold_against(loaded.resolution, table, loaded.election)
    answer = plain_comparison(comparison)
    _write_differences(place, comparison)
    _write_json(place, COMPARISON, answer)
    if as_json:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    from jobs.show_comparison import show_comparison

    show_comparison(comparison)
    typer.echo(f"Every difference: {place}/{DIFFERENCES}")


def finished(results: Path) -> Loaded:
    """A results folder in which a run has finished.

    Raises:
        ResultsError: there are no results, or no run has finished.
    """
    from jobs.report import load_results

    loaded = load_results(results)
    if loaded.summary is None:
        raise ResultsError(f"{results}: no run has finished yet.", "Run `actas tally` again.")
    return loaded


def analyse_results(loaded: Loaded, rounds: int, seed: int) -> Analysis:
    """The analysis of loaded results."""
    from pipeline.analyse.analysis import analyse as answer
    from pipeline.analyse.ink import ink_of

    ink = ink_of(loaded.resolution)
    return answer(loaded.resolution, loaded.totals, loaded.election, ink, rounds, seed)


def _columns(election: Election, mapping: Path | None) -> ResultColumns:
    from pipeline.election.load import load_columns

    if mapping is not None:
        return load_columns(mapping, election)
    if election.result_columns is None:
        raise ConfigError(
            f"{election.folder / 'election.yaml'}: no result_columns say how tables are read.",
            "Name the columns in a --mapping FILE.yaml; docs/analysis.md has an example.",
        )
    return election.result_columns


def _write_json(place: Place, name: str, answer: dict[str, Any]) -> None:
    from pipeline.count.outputs import write_bytes

    with _written(place, name) as path:
        write_bytes(path, (json.dumps(answer, indent=1, ensure_ascii=False) + "\n").encode())


def _write_differences(place: Place, comparison: Comparison) -> None:
    import pyarrow as pa

    from pipeline import schema
    from pipeline.analyse.compare import difference_rows
    from pipeline.count.outputs import write_csv

    table = pa.Table.from_pylist(list(difference_rows(comparison)), schema=schema.DIFFERENCES)
    with _written(place, DIFFERENCES) as path:
        write_csv(path, table)


@contextmanager
def _written(place: Place, name: str) -> Iterator[Path]:
    """A local file to write, which becomes the place's."""
    from jobs.stage import staged

    try:
        with staged(place) as folder:
            yield folder / name
    except OSError as error:
        raise ResultsError(f"{place}/{name}: cannot be written ({error.strerror}).") from error
