"""The methods page's contents: the code's own definitions, and what its modules say they do."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import ModuleType

from pipeline.analyse import (
    bounds,
    compare,
    components,
    coverage,
    estimate,
    ink,
    integrity,
    needed,
    predict,
    reweight,
)
from pipeline.analyse.bounds import ASSUMPTIONS
from pipeline.analyse.integrity import HINT_KINDS
from pipeline.count import resolve, totals
from pipeline.count.resolve import GRADES, ScanStatus
from pipeline.findings import CATALOGUE
from pipeline.publish.evidence.withheld import WITHHELD
from pipeline.publish.site.words import Words

EXPLAINED = (
    resolve, totals, coverage, reweight, bounds, predict, components, estimate, needed, compare,
    ink, integrity,
)  # fmt: skip


@dataclass(frozen=True)
class Definition:
    """A code, what it means, and the rule or formula by which it is given ('' if none)."""

    code: str
    meaning: str
    rule: str = ""
    extra: str = ""


def definitions(words: Words) -> dict[str, list[Definition]]:
    """All definitions in one language, by kind, in the code's order."""
    say = words.define
    return {
        "status": [Definition(s.value, say("status", s.value)) for s in ScanStatus],
        "grade": [Definition(grade, say("grade", grade)) for grade in GRADES],
        "finding": [
            Definition(code, say("finding", code), say("rule", code), kind.gravity.value)
            for code, kind in CATALOGUE.items()
        ],
        "assumption": [
            Definition(a.key, say("assumption", a.key), say("formula", a.key), say("source", a.key))
            for a in ASSUMPTIONS
        ],
        "hint": [
            Definition(kind.code, say("hint", kind.code), say("hint_rule", kind.code))
            for kind in HINT_KINDS
        ],
        "withheld": [Definition(code, say("withheld", code)) for code in WITHHELD],
    }


def explanations() -> list[tuple[str, list[str]]]:
    """What each module that makes the figures says of itself: its name and its paragraphs."""
    return [(_title(module), _paragraphs(module)) for module in EXPLAINED]


def _title(module: ModuleType) -> str:
    return module.__name__.removeprefix("pipeline.")


def _paragraphs(module: ModuleType) -> list[str]:
    return (inspect.getdoc(module) or "").split("\n\n")
