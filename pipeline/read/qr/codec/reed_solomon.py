"""Reed-Solomon codes of QR symbols: errors at unknown places, erasures at known ones (Annex B).

With f erasures and e errors elsewhere, every pattern with 2e + f <= parity is corrected, and what
is returned is always a codeword. It need not be the one that was printed: with few parity codewords
to spare, noise decodes to some other codeword now and then, so callers must look at `spare`.

A block of 41 codewords, 22 of them parity, takes about 0.04 ms, corrected or not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from pipeline.read.qr.codec.galois import (
    EXP,
    INVERSE,
    PRODUCTS,
    Evaluator,
    coefficients,
    evaluate,
    evaluator,
    product_of_roots,
    scale,
)

MAX_LENGTH = 255
"""Codewords in the longest block that the field allows; no QR block has more than 153."""


@dataclass(frozen=True)
class Correction:
    """A block as it was corrected, and how much of its redundancy that took."""

    codeword: bytes
    """The whole block, data then parity; its syndromes are zero."""
    errors: int
    """Codewords that were changed at places not given as erasures."""
    erasures: int
    """Distinct places given as erasures, whether their codewords were changed or not."""
    spare: int
    """parity - erasures - 2 * errors, never negative: the equations left to expose a wrong read."""


def encode(data: bytes, parity: int) -> bytes:
    """The codeword: `data` followed by its `parity` error correction codewords (7.5.2)."""
    _check(len(data) + parity, parity)
    feedback = _feedback(parity)
    top, keep = 8 * (parity - 1), (1 << 8 * parity) - 1
    remainder = 0
    for value in data:
        remainder = (remainder << 8 & keep) ^ feedback[remainder >> top ^ value]
    return data + remainder.to_bytes(parity, "big")


def decode(codeword: bytes, parity: int, erasures: Collection[int] = ()) -> Correction | None:
    """The codeword within reach of what was read, or None; see the module for the reach.

    `codeword` is a block, data then parity. `erasures` are indices into it; what stands at them
    does not matter, and an index given twice counts once.
    """
    _check(len(codeword), parity)
    erased = frozenset(erasures)
    if not all(0 <= place < len(codeword) for place in erased):
        raise ValueError(f"erasures outside a block of {len(codeword)} codewords")
    if len(erased) > parity:
        return None
    code = _code(parity, len(codeword))
    syndromes = code.syndromes_of(codeword)
    if not syndromes:
        return Correction(codeword, 0, len(erased), parity - len(erased))
    key = _solve_key(syndromes, [code.locators[place] for place in erased], parity)
    corrected = code.repair(codeword, *key) if key else None
    if corrected is None or code.syndromes_of(corrected):
        return None
    changed = (place for place, value in enumerate(codeword) if corrected[place] != value)
    errors = sum(place not in erased for place in changed)
    return Correction(corrected, errors, len(erased), parity - len(erased) - 2 * errors)


def syndromes_zero(codeword: bytes, parity: int) -> bool:
    """Whether a block is a codeword already."""
    _check(len(codeword), parity)
    return not _code(parity, len(codeword)).syndromes_of(codeword)


@dataclass(frozen=True)
class _Code:
    """The tables of one code. Place p of a block has the locator 2^(length - 1 - p)."""

    locators: bytes
    powers: Evaluator
    """At 2^0, 2^1 ... 2^(parity - 1): a codeword has its zeros there."""
    places: Evaluator
    """At the inverse of every place's locator: the error locator has its zeros there."""

    def syndromes_of(self, codeword: bytes) -> int:
        """Byte i is the codeword's value at 2^i, its last codeword being the constant term."""
        return evaluate(codeword[::-1], self.powers)

    def repair(self, codeword: bytes, locator: int, values: int) -> bytes | None:
        """Forney's formula at the places where `locator` is zero; None if it lacks a zero."""
        terms, length = coefficients(locator), len(codeword)
        zeros = evaluate(terms, self.places).to_bytes(length, "little")
        if zeros.count(0) != len(terms) - 1:
            return None
        over = evaluate(coefficients(values), self.places).to_bytes(length, "little")
        # x times the derivative keeps the odd terms: in this field the even ones cancel.
        under = evaluate(terms[1::2], self.places[1::2]).to_bytes(length, "little")
        repaired = bytearray(codeword)
        for place, zero in enumerate(zeros):
            if not zero:
                repaired[place] ^= PRODUCTS[over[place]][INVERSE[under[place]]]
        return bytes(repaired)


def _solve_key(syndromes: int, erased: Iterable[int], parity: int) -> tuple[int, int] | None:
    """Berlekamp and Massey's iteration, begun with the locators of the erasures (Blahut).

    Returns the locator of all faults and locator * syndromes mod x^parity, or None if more faults
    are needed than can be told apart. Both are carried along: the discrepancy is then a coefficient
    of the second.
    """
    roots = list(erased)
    locator, values = product_of_roots(roots), product_of_roots(roots, syndromes)
    before, values_before = locator, values
    faults = known = len(roots)
    for step in range(known, parity):
        before, values_before = before << 8, values_before << 8
        discrepancy = values >> 8 * step & 0xFF
        if not discrepancy:
            continue
        longer = locator ^ scale(before, discrepancy)
        values_longer = values ^ scale(values_before, discrepancy)
        if 2 * faults <= step + known:
            faults = step + 1 + known - faults
            if 2 * faults > parity + known:
                return None
            inverse = INVERSE[discrepancy]
            before, values_before = scale(locator, inverse), scale(values, inverse)
        locator, values = longer, values_longer
    return locator, values & (1 << 8 * parity) - 1


# A symbol needs the codes of one or two lengths; each keeps some 1 MB of tables (5 MB at most).
@lru_cache(maxsize=16)
def _code(parity: int, length: int) -> _Code:
    locators = EXP[:length][::-1]
    inverses = bytes(INVERSE[locator] for locator in locators)
    return _Code(locators, evaluator(EXP[:parity], length), evaluator(inverses, parity + 1))


@cache
def _feedback(parity: int) -> tuple[int, ...]:
    """The generator polynomial without its first term, times every value of the field (Annex A)."""
    # (1 - r x) for every root r reads, from the constant upwards, as (x - r) from the top down.
    generator = coefficients(product_of_roots(EXP[:parity]))[1:]
    return tuple(int.from_bytes(generator.translate(row), "big") for row in PRODUCTS)


def _check(length: int, parity: int) -> None:
    if not 0 < parity < length <= MAX_LENGTH:
        raise ValueError(f"no Reed-Solomon block of {length} codewords, {parity} of them parity")
