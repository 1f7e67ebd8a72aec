"""What the site says in each language: a catalogue of strings, and the code's own definitions.

English definitions (of statuses, grades, findings, assumptions, hints) are those of the code. The
other languages have theirs in `definitions.LANGUAGE.yaml`, by code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipeline.analyse.bounds import ASSUMPTIONS
from pipeline.analyse.integrity import HINT_KINDS
from pipeline.findings import CATALOGUE
from pipeline.publish import text
from pipeline.publish.accounts import GRADE_MEANINGS, SCAN_MEANINGS
from pipeline.publish.evidence.withheld import WITHHELD

LANGUAGES = ("en", "es")
STRINGS = Path(__file__).parent / "strings"
FOR_SCRIPTS = "js_"
"""How the keys of strings begin that the script uses."""


@dataclass(frozen=True)
class Words:
    """One language. `defined` holds texts by kind (`finding`, `rule` ...) and code."""

    language: str
    strings: Mapping[str, str]
    defined: Mapping[str, Mapping[str, str]]

    def say(self, key: str, **figures: object) -> str:
        """A string with its figures; whole numbers are written as on the page."""
        shown = {
            name: text.number(value) if isinstance(value, int) else value
            for name, value in figures.items()
        }
        return self.strings[key].format(**shown)

    def define(self, kind: str, code: str) -> str:
        """What a code means."""
        return self.defined[kind][code]

    def name(self, kind: str, code: str) -> str:
        """A short name, such as of a status or a level; the code itself where there is none."""
        return self.strings.get(f"{kind}_{code.replace('-', '_')}", code.replace("_", " "))

    def share(self, part: int, whole: int | None) -> str:
        """A share in percent, with the language's decimal sign."""
        return self._decimal(text.share(part, whole))

    def ratio(self, value: float | None, digits: int = 2) -> str:
        """A share from 0 to 1 in percent."""
        return text.NONE if value is None else self._decimal(f"{100 * value:.{digits}f}%")

    def _decimal(self, shown: str) -> str:
        return shown.replace(".", self.strings["decimal"])

    def for_scripts(self) -> dict[str, str]:
        """The strings that the script uses, without the beginning of their keys."""
        found = {**self.strings}
        return {
            key.removeprefix(FOR_SCRIPTS): found[key]
            for key in found
            if key.startswith(FOR_SCRIPTS)
        }


@cache
def words(language: str) -> Words:
    """The words of a language."""
    strings = _load(f"{language}.yaml")
    own = english() if language == "en" else _load(f"definitions.{language}.yaml")
    return Words(language, strings, own)


def english() -> dict[str, dict[str, str]]:
    """The definitions as the code has them."""
    return {
        "status": {status.value: meaning for status, meaning in SCAN_MEANINGS.items()},
        "grade": dict(GRADE_MEANINGS),
        "finding": {code: kind.sentence for code, kind in CATALOGUE.items()},
        "rule": {code: kind.rule for code, kind in CATALOGUE.items()},
        "assumption": {a.key: a.sentence for a in ASSUMPTIONS},
        "formula": {a.key: a.formula for a in ASSUMPTIONS},
        "source": {a.key: a.source for a in ASSUMPTIONS},
        "hint": {kind.code: kind.sentence for kind in HINT_KINDS},
        "hint_rule": {kind.code: kind.rule for kind in HINT_KINDS},
        "withheld": dict(WITHHELD),
    }


def _load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((STRINGS / name).read_text(encoding="utf-8"))
    return loaded
