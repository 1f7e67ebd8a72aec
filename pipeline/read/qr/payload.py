"""The text of a sheet's QR symbol: a strict grammar. A `Payload` that exists is valid.

False reads happen (15 in 22,560 in another tool's log), so a text that is wrong in any way is
refused whole; nothing is repaired here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeline.election import ActaCode, SheetRules
from pipeline.findings import Finding

MAX_TEXT = 4296
"""No QR symbol holds more characters; anything longer did not come from one."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What a valid symbol says: votes by ballot position, null and empty votes."""

    text: str
    acta_code: ActaCode
    votes: tuple[int, ...]
    null_votes: int
    empty_votes: int

    @property
    def valid_votes(self) -> int:
        """Votes for anybody."""
        return sum(self.votes)

    @property
    def ballots(self) -> int:
        """All votes cast: valid, null and empty."""
        return self.valid_votes + self.null_votes + self.empty_votes


def parse_payload(text: str, rules: SheetRules) -> Payload | Finding:
    """The payload, or the finding that says why `text` is none of this election.

    The finding never quotes the text: a foreign symbol may hold somebody's personal data.
    """
    grammar, top_units = _shape(rules)
    match = grammar.fullmatch(text) if len(text) <= MAX_TEXT else None
    if match is None:
        return Finding("payload-grammar", _what_it_is(text, rules))
    code_text, votes_text, null_votes, empty_votes = match.groups()
    code = rules.acta_code.parse(code_text)
    if code is None:
        return Finding("payload-grammar", "mesa number 0")
    votes = tuple(map(int, votes_text.split(rules.payload.value_separator)))
    if len(votes) != rules.positions:
        return Finding("payload-grammar", f"{len(votes)} values, expected {rules.positions}")
    if not code.centre.startswith(top_units):
        return Finding("payload-place", f"centre {code.centre}")
    return Payload(text, code, votes, int(null_votes), int(empty_votes))


@lru_cache(maxsize=8)
def _shape(rules: SheetRules) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """What is computed once: the grammar, and what centres begin with.

    acta code ! values ! null ! empty; numbers in ASCII digits without sign or leading zero.
    """
    number = rf"(?:0|[1-9][0-9]{{0,{rules.payload.max_digits - 1}}})"
    field = re.escape(rules.payload.field_separator)
    value = re.escape(rules.payload.value_separator)
    # The code's own named groups would count as groups of this pattern: make them anonymous.
    code = re.sub(r"\(\?P<\w+>", "(?:", rules.acta_code.pattern.pattern)
    grammar = rf"({code}){field}({number}(?:{value}{number})*){field}({number}){field}({number})"
    return re.compile(grammar), tuple(sorted(rules.top_units))


def _what_it_is(text: str, rules: SheetRules) -> str:
    """Why the grammar failed, as far as it can be told without quoting the text."""
    fields = text.split(rules.payload.field_separator)
    if len(fields) == 4 and rules.acta_code.parse(fields[0]):
        return "the code is an acta code, the numbers are not numbers"
    return f"{len(text)} characters in {len(fields)} fields"
