"""Soft bits against the grammar: the text that was written comes out, surest where it was seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.election import Election
from pipeline.read.qr.codec.stream import write_bytes_mode
from pipeline.read.qr.codec.tables import blocks
from pipeline.read.qr.rescue.grammar import UNSURE, PayloadGrammar
from tests.invent import payload_text, venezuelan

SIZE = blocks(8, "Q").data


def soft_bits(text: str, version: int = 8, size: int = SIZE) -> np.ndarray:
    """Clear bits of the data stream, 1 for a one and -1 for a zero."""
    stream = np.frombuffer(write_bytes_mode(text.encode(), version, size), np.uint8)
    return np.unpackbits(stream).astype(np.float64) * 2 - 1


numbers = st.lists(st.integers(0, 999), min_size=38, max_size=38)


@settings(max_examples=60, deadline=None)
@given(votes=numbers, null=st.integers(0, 99), empty=st.integers(0, 9))
def test_a_clear_stream_is_decided_as_it_was_written(
    venezuela: Election, votes: list[int], null: int, empty: int
) -> None:
    text = payload_text(venezuela, "240111020.01.1.0001", votes, null, empty)
    size = max(SIZE, len(text) + 3)
    stream = PayloadGrammar(venezuela.rules).decide(soft_bits(text, size=size), 8)
    assert stream is not None
    assert stream.values.tobytes() == write_bytes_mode(text.encode(), 8, size)
    assert stream.reliability.min() > UNSURE


def test_the_other_elections_grammar_is_its_own(tiny: Election) -> None:
    text = payload_text(tiny, "002-1001", [12, 0, 130, 4, 5], 6, 7)
    stream = PayloadGrammar(tiny.rules).decide(soft_bits(text, 3, 44), 3)
    assert stream is not None
    assert stream.values.tobytes() == write_bytes_mode(text.encode(), 3, 44)


@pytest.mark.parametrize("seed", range(5))
def test_wrong_bits_are_put_right_or_made_unsure(venezuela: Election, seed: int) -> None:
    """Of the bytes that are decided wrong, none is among the surest."""
    rng = np.random.default_rng(seed)
    text = venezuelan()
    bits = soft_bits(text) * np.where(rng.random(SIZE * 8) < 0.08, -0.4, 1)
    stream = PayloadGrammar(venezuela.rules).decide(bits, 8)
    assert stream is not None
    truth = np.frombuffer(write_bytes_mode(text.encode(), 8, SIZE), np.uint8)
    wrong = stream.values != truth
    assert wrong.mean() < 0.2
    assert (stream.reliability[wrong] < np.median(stream.reliability)).all()


def test_what_was_not_seen_is_unsure_unless_the_grammar_knows_it(venezuela: Election) -> None:
    text = venezuelan()
    bits = soft_bits(text)
    unseen = slice(12 + 8 * 30, 12 + 8 * 40)  # ten characters of the votes
    bits[unseen] = 0
    separators = slice(12 + 8 * 9, 12 + 8 * 10)  # the first point of the acta code
    bits[separators] = 0
    stream = PayloadGrammar(venezuela.rules).decide(bits, 8)
    assert stream is not None
    truth = np.frombuffer(write_bytes_mode(text.encode(), 8, SIZE), np.uint8)
    assert (stream.values[10:12] == truth[10:12]).all()
    assert stream.reliability[10] > 0.5
    assert stream.reliability[34:39].min() < UNSURE


def test_a_symbol_too_small_for_any_payload_decides_nothing(venezuela: Election) -> None:
    grammar = PayloadGrammar(venezuela.rules)
    assert grammar.decide(np.zeros(8 * (grammar.shortest - 1)), 8) is None
