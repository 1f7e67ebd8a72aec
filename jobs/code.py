"""Which code made a result: a hash of all that decides one."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

PIPELINE = Path(__file__).resolve().parent.parent / "pipeline"


@cache
def code_sha256() -> str:
    """Over the names and contents of the pipeline's files."""
    total = hashlib.sha256()
    for path in sorted(PIPELINE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(PIPELINE).as_posix()
            total.update(f"{name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return total.hexdigest()
