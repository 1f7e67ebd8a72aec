"""How often the estimate's interval holds the truth: sheets of a known result are hidden."""

from __future__ import annotations

from pathlib import Path

from jobs.analyse import finished
from pipeline.analyse.frame import Frame, Row, build_frame, frame_of
from pipeline.analyse.names import station_of
from pipeline.analyse.published import read_table
from pipeline.analyse.simulate import Check, Hiding, check
from pipeline.election import Election, load_election
from pipeline.errors import ConfigError

SHARES = (0.05, 0.2, 0.5)
HEADS = (
    "hidden together", "hidden %", "rounds", "lead held %", "error", "half interval",
    "share held %", "error, points", "half interval, points",
)  # fmt: skip


def run_estimate(source: Path, election: Path, rounds: int, seed: int) -> str:
    """Markdown table of every way and share of hiding.

    `source` is a results folder, or a published table of results by mesa.
    """
    frame = _frame(source, election)
    checks = (check(frame, hiding, share, rounds, seed) for hiding in Hiding for share in SHARES)
    rows = [_row(found) for found in checks if found]
    rule = ["---", *["---:"] * (len(HEADS) - 1)]
    lines = [HEADS, rule, *rows]
    told = f"{int(frame.counted.sum()):,} sheets, seed {seed}, intervals of 95%\n\n"
    return told + "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _frame(source: Path, folder: Path) -> Frame:
    if source.is_dir():
        loaded = finished(source)
        return frame_of(loaded.resolution, loaded.election)
    return _frame_of_table(source, load_election(folder))


def _frame_of_table(path: Path, election: Election) -> Frame:
    if election.result_columns is None:
        raise ConfigError(f"{election.folder / 'election.yaml'}: there are no result_columns.")
    table = read_table(path, election, election.result_columns)
    split = election.rules.acta_code.split_mesa
    return build_frame(
        election,
        [
            Row(
                split(row.mesa)[0],
                [row.numbers.get(c.code, 0) for c in election.candidates],
                station_of(row.scan),
            )
            for row in table.rows
        ],
    )


def _row(found: Check) -> tuple[str, ...]:
    return (
        found.hiding.value,
        f"{100 * found.share_hidden:.0f}",
        str(found.rounds),
        f"{100 * found.lead_held / found.rounds:.1f}",
        f"{found.lead_error:,}",
        f"{found.lead_half:,}",
        f"{100 * found.share_held / found.rounds:.1f}",
        f"{100 * found.share_error:.3f}",
        f"{100 * found.share_half:.3f}",
    )
