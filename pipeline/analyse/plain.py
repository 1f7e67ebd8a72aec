"""Answers as JSON types: what `analysis.json` and `--json` hold.

The names are those of the dataclasses. Assumptions and kinds of findings and hints stand in full in
their own lists, and elsewhere by their key or code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from pipeline.analyse.analysis import Analysis
from pipeline.analyse.bounds import Assumption
from pipeline.analyse.compare import Comparison
from pipeline.analyse.integrity import HINT_KINDS, HintKind
from pipeline.findings import Kind

DIGITS = 6
"""Of shares and errors, after the point."""


def plain_analysis(analysis: Analysis) -> dict[str, Any]:
    """An analysis; its first keys say what it is of."""
    found: dict[str, Any] = plain(analysis)
    found["bounds"]["assumptions"] = [_all(a) for a in analysis.bounds.assumptions]
    found["integrity"]["hint_kinds"] = [_all(kind) for kind in HINT_KINDS]
    for told, requirement in zip(found["required"], analysis.required, strict=True):
        told["sentence"] = requirement.sentence
        told["contradiction"] = requirement.contradiction
    return found


def plain_comparison(comparison: Comparison) -> dict[str, Any]:
    """A comparison without its single differences and mesas: those are in differences.csv."""
    found: dict[str, Any] = plain(comparison)
    for key in ("differences", "only_ours", "only_theirs"):
        found[key] = len(found[key])
    found["only_theirs_by_status"] = dict(comparison.only_theirs_by_status)
    found["differing"] = comparison.differing
    for told, sums in zip(found["sums"], comparison.sums, strict=True):
        told |= {"ours": sums.ours, "theirs": sums.theirs}
    return found


def plain(value: Any) -> Any:
    """Any answer as dictionaries, lists, texts, numbers and None."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Assumption):
        return value.key
    if isinstance(value, Kind | HintKind):
        return value.code
    if is_dataclass(value) and not isinstance(value, type):
        return _all(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return round(value, DIGITS) if isinstance(value, float) else value


def _all(value: Any) -> dict[str, Any]:
    return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
