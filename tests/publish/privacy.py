"""Looking for the invented people of the synthetic sheets in everything that a run has written."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.synthetic.people import INVENTED_IDS, INVENTED_NAMES


def found_people(folder: Path) -> list[str]:
    """`file: name` for every invented name or ID number in any byte of any file below `folder`.

    Names are found whatever their case and whatever stands between their words; Parquet files are
    searched as they are and unpacked.
    """
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        texts = [_folded(text) for text in _texts(path.read_bytes())]
        where = path.relative_to(folder).as_posix()
        found += [f"{where}: {who}" for who in _PEOPLE if any(_PEOPLE[who] in t for t in texts)]
    return found


def people_in(text: str) -> list[str]:
    """The invented names and ID numbers in a text, such as what a command printed."""
    return [who for who in _PEOPLE if _PEOPLE[who] in _folded(text)]


def _folded(text: str) -> str:
    """Lower case; nothing but letters and digits, and dots, which ID numbers are known by."""
    return "".join(char for char in text.lower() if char.isalnum() or char == ".")


_PEOPLE = {who: _folded(who) for who in (*INVENTED_NAMES, *INVENTED_IDS)}


def _texts(content: bytes) -> Iterator[str]:
    """A file's bytes as text, one character a byte, and as UTF-16; a Parquet file's cells."""
    yield content.decode("latin-1")
    yield content.replace(b"\0", b"").decode("latin-1")
    if content[:4] == b"PAR1":
        try:
            table = pq.read_table(io.BytesIO(content))
        except (OSError, pa.ArrowException):  # not whole: its bytes have been searched
            return
        yield from (str(column.to_pylist()) for column in table.columns)
        yield str(table.schema.metadata)
