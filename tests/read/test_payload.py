"""The grammar of the symbol's text: what is valid comes through whole, all else is refused."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.election import Election
from pipeline.findings import Finding
from pipeline.read.qr.payload import Payload, parse_payload
from tests.invent import payload_text, venezuelan

GOOD = venezuelan()
CODE = "240111020.01.1.0001"
FULLWIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def _with_votes(votes: str) -> str:
    return f"{CODE}!{votes}!2!0"


def _ones(count: int) -> str:
    return ",".join(["1"] * count)


@settings(max_examples=200, deadline=None)
@given(
    mesa=st.integers(1, 99),
    votes=st.lists(st.integers(0, 9999), min_size=38, max_size=38),
    rest=st.tuples(st.integers(0, 9999), st.integers(0, 9999)),
)
def test_every_valid_payload_comes_through_whole(
    venezuela: Election, mesa: int, votes: list[int], rest: tuple[int, int]
) -> None:
    text = payload_text(venezuela, f"240111020.{mesa:02d}.1.0001", votes, *rest)
    parsed = parse_payload(text, venezuela.rules)
    assert isinstance(parsed, Payload)
    assert (parsed.text, parsed.votes) == (text, tuple(votes))
    assert (parsed.null_votes, parsed.empty_votes) == rest
    assert parsed.ballots == sum(votes) + sum(rest)
    assert parsed.acta_code.mesa == f"240111020.{mesa:02d}"
    assert parsed.acta_code.mesa_number == mesa


@settings(max_examples=200, deadline=None)
@given(
    coast=st.sampled_from("12"),
    centre=st.from_regex(r"[0-9]{3}", fullmatch=True),
    mesa=st.integers(1, 999),
    votes=st.lists(st.integers(0, 999), min_size=5, max_size=5),
)
def test_another_election_has_another_grammar(
    tiny: Election, venezuela: Election, coast: str, centre: str, mesa: int, votes: list[int]
) -> None:
    text = payload_text(tiny, f"{mesa:03d}-{coast}{centre}", votes, 7, 8)
    parsed = parse_payload(text, tiny.rules)
    assert isinstance(parsed, Payload)
    assert parsed.votes == tuple(votes)
    assert parsed.acta_code.centre == coast + centre
    assert parsed.acta_code.mesa == f"{coast}{centre}-{mesa:03d}"
    assert isinstance(parse_payload(text, venezuela.rules), Finding)


REFUSED = {
    "empty": "",
    "37 values": _with_votes(_ones(37)),
    "39 values": _with_votes(_ones(39)),
    "no values": _with_votes(""),
    "minus": _with_votes("-1," + _ones(37)),
    "plus": _with_votes("+1," + _ones(37)),
    "minus null": f"{CODE}!{_ones(38)}!-2!0",
    "space before": " " + GOOD,
    "space after": GOOD + " ",
    "space within": _with_votes("1 ," + _ones(37)),
    "no-break space": GOOD + "\u00a0",
    "leading zero": _with_votes("01," + _ones(37)),
    "leading zero of null": f"{CODE}!{_ones(38)}!02!0",
    "double zero": f"{CODE}!{_ones(38)}!2!00",
    "five digits": _with_votes("10000," + _ones(37)),
    "five digits of empty": f"{CODE}!{_ones(38)}!2!10000",
    "underscore": _with_votes("1_0," + _ones(37)),
    "decimal": _with_votes("1.0," + _ones(37)),
    "exponent": _with_votes("1e3," + _ones(37)),
    "hexadecimal": _with_votes("0x1," + _ones(37)),
    "fullwidth digits": GOOD.translate(FULLWIDTH),
    "fullwidth vote": _with_votes("１," + _ones(37)),
    "Arabic digits": GOOD.translate(ARABIC),
    "Arabic vote": _with_votes("١٢," + _ones(37)),
    "Arabic mesa": GOOD.replace(".01.", ".٠١.", 1),
    "superscript": _with_votes("²," + _ones(37)),
    "new line": GOOD + "\n",
    "carriage return": GOOD + "\r",
    "new line before": "\n" + GOOD,
    "NUL": GOOD + "\0",
    "byte order mark": "\ufeff" + GOOD,
    "empty vote": _with_votes("," + _ones(37)),
    "trailing comma": _with_votes(_ones(38) + ","),
    "semicolons": GOOD.replace(",", ";"),
    "mesa 00": GOOD.replace(".01.", ".00.", 1),
    "mesa of one digit": GOOD.replace(".01.", ".1.", 1),
    "mesa of three digits": GOOD.replace(".01.", ".001.", 1),
    "centre lost its zero": "10101001.01.1.0001!" + GOOD.split("!", 1)[1],
    "centre of ten digits": "0" + GOOD,
    "code cut short": "240111020.01!" + GOOD.split("!", 1)[1],
    "unknown state": "970111020.01.1.0001!" + GOOD.split("!", 1)[1],
    "state 00": "000111020.01.1.0001!" + GOOD.split("!", 1)[1],
    "three fields": GOOD.rsplit("!", 1)[0],
    "five fields": GOOD + "!0",
    "twice": GOOD + GOOD,
    "dots are dots": GOOD.replace(".", "x", 1),
    "a web address": "https://example.org/?q=240111020.01.1.0001",
    "somebody's data": "MARIA PEREZ V-12345678",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_a_text_that_is_wrong_in_any_way_is_refused(venezuela: Election, text: str) -> None:
    refused = parse_payload(text, venezuela.rules)
    assert isinstance(refused, Finding)
    assert refused.code in {"payload-grammar", "payload-place"}
    assert refused.blocks


def test_the_text_that_the_refused_ones_come_from_is_valid(venezuela: Election) -> None:
    assert isinstance(parse_payload(GOOD, venezuela.rules), Payload)


def test_an_unknown_state_is_told_from_a_wrong_text(venezuela: Election) -> None:
    refused = parse_payload(REFUSED["unknown state"], venezuela.rules)
    assert isinstance(refused, Finding)
    assert refused.code == "payload-place"


@settings(max_examples=300, deadline=None)
@given(
    place=st.integers(0, len(GOOD) - 1),
    char=st.characters(exclude_characters="0123456789"),
    insert=st.booleans(),
)
def test_one_foreign_character_anywhere_is_refused_or_read_as_written(
    venezuela: Election, place: int, char: str, insert: bool
) -> None:
    text = GOOD[:place] + char + GOOD[place if insert else place + 1 :]
    parsed = parse_payload(text, venezuela.rules)
    # A comma in a number makes one value more, so nothing but the very same text may pass.
    assert isinstance(parsed, Finding) or text == GOOD


@pytest.mark.parametrize(
    "make",
    [
        lambda: "7" * 10_000_000,
        lambda: "!" * 10_000_000,
        lambda: "1," * 5_000_000,
        lambda: f"{CODE}!" + "1," * 5_000_000 + "1!0!0",
        lambda: GOOD + " " * 10_000_000,
        lambda: (GOOD + "!") * 90_000,
    ],
    ids=["digits", "separators", "values", "code and values", "padding", "repeated"],
)
def test_ten_megabytes_are_refused_at_once(venezuela: Election, make: Callable[[], str]) -> None:
    text = make()
    start = time.perf_counter()
    refused = parse_payload(text, venezuela.rules)
    assert isinstance(refused, Finding)
    assert time.perf_counter() - start < 1.0
    assert len(refused.detail) < 200


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet="ABCXYZ!,. -", min_size=3, max_size=60))
def test_a_finding_never_quotes_what_it_refused(venezuela: Election, text: str) -> None:
    marked = f"QJWKV{text}"
    refused = parse_payload(marked, venezuela.rules)
    assert isinstance(refused, Finding)
    assert "QJWKV" not in refused.sentence
    in_field = parse_payload(f"{CODE}!{marked}!0!0", venezuela.rules)
    assert isinstance(in_field, Finding)
    assert "QJWKV" not in in_field.sentence


def test_no_finding_quotes_the_numbers_of_a_refused_text(venezuela: Election) -> None:
    identity = "12345678"
    for text in (identity, f"{CODE}!{identity}!0!0", f"{identity}!{_ones(38)}!2!0"):
        refused = parse_payload(text, venezuela.rules)
        assert isinstance(refused, Finding)
        assert identity not in refused.sentence
