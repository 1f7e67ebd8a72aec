"""From soft modules to a payload: mask, codewords, errors and erasures, block by block.

Every block is decoded with the least reliable codewords as erasures, more and more of them, from
the bits as they were seen and as the grammar would have them. It is accepted only with parity to
spare: with none left, Reed-Solomon answers anything. Blocks that one view of the symbol yields are
kept for the others; two readings of a block that contradict each other yield none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pipeline.election import SheetRules
from pipeline.read.qr.codec.encode import encode
from pipeline.read.qr.codec.matrix import MASKS, format_bits, layout, mask
from pipeline.read.qr.codec.reed_solomon import Correction, decode
from pipeline.read.qr.codec.stream import assemble, order, padding_ok, read_bytes_mode
from pipeline.read.qr.codec.tables import Level, blocks, count_bits
from pipeline.read.qr.payload import Payload, parse_payload
from pipeline.read.qr.rescue.grammar import PayloadGrammar
from pipeline.read.qr.rescue.tone import Floats

SPARE = 3
"""Parity codewords that must be left over in every block. A payload with less is unreadable."""
PLENTY = 6
"""With so many to spare no further erasures are tried."""
LEAST_PLAUSIBLE = 0.2
"""Agreement of the low half bytes with the alphabet, below which a mask is out of question."""
CLOSE = 1.5
"""A second mask is tried only if its score comes so near to the best."""
LEAST_AGREEMENT = 0.7
"""Of the seen modules, how many must be as the payload's own symbol has them."""


@dataclass(frozen=True)
class Decoded:
    """A payload that the blocks and the grammar vouch for."""

    payload: Payload
    mask: int
    spare: int
    """The least parity left over in any block."""
    seen: float
    """Share of the modules that were seen."""
    agreement: float
    """Share of the seen modules that are as the text's own symbol has them."""


@dataclass
class Pool:
    """Blocks found so far: by mask and block, each codeword with its votes and its best spare."""

    votes: dict[tuple[int, int], dict[bytes, tuple[int, int]]] = field(default_factory=dict)

    def add(self, place: tuple[int, int], correction: Correction) -> None:
        """Note a block; it weighs as much as it has parity to spare."""
        entry = self.votes.setdefault(place, {})
        weight, spare = entry.get(correction.codeword, (0, 0))
        entry[correction.codeword] = (weight + correction.spare, max(spare, correction.spare))

    def settled(self, place: tuple[int, int]) -> bool:
        """Whether a block is known with so much to spare that nothing could overturn it."""
        known = self.votes.get(place, {})
        return len(known) == 1 and next(iter(known.values()))[1] >= PLENTY

    def winner(self, place: tuple[int, int]) -> tuple[bytes, int] | None:
        """The block that the views agree on and its spare; None if there is none, or a dispute."""
        ranked = sorted(self.votes.get(place, {}).items(), key=lambda item: -item[1][0])
        if not ranked or (len(ranked) > 1 and ranked[1][1][0] * 1.5 > ranked[0][1][0]):
            return None
        return ranked[0][0], ranked[0][1][1]


@dataclass(frozen=True)
class _Reading:
    """Codewords in placement order, as one way of deciding has them; the least reliable first."""

    values: bytes
    reliability: NDArray[np.float64]


class _Lazy:
    """Readings that are made when somebody first comes to them: asking the grammar is dear, and
    needless where the codewords as they were seen have much to spare."""

    def __init__(self, coming: Iterator[_Reading]) -> None:
        self._coming = coming
        self._made: list[_Reading] = []

    def __iter__(self) -> Iterator[_Reading]:
        yield from self._made
        for reading in self._coming:
            self._made.append(reading)
            yield reading


class SymbolDecoder:
    """Decodes soft modules of one version of an election's symbols."""

    def __init__(self, version: int, rules: SheetRules) -> None:
        self.version = version
        self.level = cast("Level", rules.symbol.error_correction)
        self._rules = rules
        self._grammar = PayloadGrammar(rules)
        self._blocks = blocks(version, self.level)
        self._order = order(version, self.level)
        places = layout(version).data_positions
        self._rows, self._columns = places[:, 0], places[:, 1]

    def decode(self, soft: Floats, pool: Pool, expected: str | None = None) -> Decoded | None:
        """The payload text, if with the help of the pool every block is known."""
        for pattern, bits in self._masks(soft):
            readings = _Lazy(self._readings(bits, expected))
            for number in range(len(self._blocks.sizes)):
                if pool.settled((pattern, number)):
                    continue
                found = self._decode_block(number, readings)
                if found:
                    pool.add((pattern, number), found)
            decoded = self._assemble(pattern, soft, pool)
            if decoded:
                return decoded
        return None

    def likeness(self, soft: Floats) -> float:
        """How much the modules look like a payload's under the best mask; 0 for not at all."""
        ranked = self._ranked_masks(soft)
        return ranked[0][0] if ranked else 0.0

    def _masks(self, soft: Floats) -> list[tuple[int, NDArray[np.float64]]]:
        """The likeliest masks and the soft bits under each (codewords x 8, 1 is a one)."""
        ranked = self._ranked_masks(soft)
        return [
            (pattern, bits) for score, pattern, bits in ranked[:2] if score > ranked[0][0] - CLOSE
        ]

    def _ranked_masks(self, soft: Floats) -> list[tuple[float, int, NDArray[np.float64]]]:
        size = soft.shape[0]
        raw = soft[self._rows, self._columns].astype(np.float64)
        fields = layout(self.version).format_positions
        ranked = []
        for pattern in MASKS:
            signs = np.where(mask(pattern, size)[self._rows, self._columns], -1, 1)
            bits = (raw * signs).reshape(-1, 8)
            plausible = _plausibility(bits[self._order.data][1:])
            if plausible < LEAST_PLAUSIBLE:
                continue
            printed = format_bits(self.level, pattern) * 2.0 - 1
            told = float((soft[fields[..., 0], fields[..., 1]] * printed).sum())
            ranked.append((told / 8 + 6 * plausible, pattern, bits))
        return sorted(ranked, key=lambda entry: -entry[0])

    def _readings(self, bits: NDArray[np.float64], expected: str | None) -> Iterator[_Reading]:
        """The codewords as they were seen, and as the grammar would have them."""
        values = np.packbits(bits > 0, axis=1)[:, 0]
        clear = np.minimum(np.abs(bits), 0.6)
        reliability = clear.min(axis=1) + 0.15 * clear.mean(axis=1)
        unseen = (bits == 0).any(axis=1)
        reliability[unseen] = -1 + np.abs(bits[unseen]).mean(axis=1) / 2
        yield _Reading(values.tobytes(), reliability)
        data = self._order.data
        stream = self._grammar.decide(bits[data].ravel(), self.version, expected)
        if stream is None:
            return
        values, reliability = values.copy(), reliability.copy()
        values[data] = stream.values
        sure = stream.reliability
        reliability[data] = np.where(sure < 0.06, sure - 0.5, sure / 2)
        yield _Reading(values.tobytes(), reliability)

    def _decode_block(self, number: int, readings: Iterable[_Reading]) -> Correction | None:
        """The block with the most parity to spare over both readings."""
        own = self._order.places[number]
        best: Correction | None = None
        for reading in readings:
            found = self._with_erasures(number, own, reading)
            if found and (best is None or found.spare > best.spare):
                best = found
            if best and best.spare >= PLENTY:
                break
        return best

    def _with_erasures(
        self, number: int, own: NDArray[np.intp], reading: _Reading
    ) -> Correction | None:
        reliability = reading.reliability[own]
        ranked = [int(place) for place in np.argsort(reliability, kind="stable")]
        word = bytes(reading.values[place] for place in own)
        most = self._blocks.parity - SPARE
        unseen = int((reliability <= 0).sum())
        if unseen > most:
            return None
        best: Correction | None = None
        for count in sorted({unseen, most, *range(max(unseen, 1), most + 1, 2)}):
            found = decode(word, self._blocks.parity, ranked[:count])
            if found is None or found.spare < SPARE or not self._legal(number, found.codeword):
                continue
            if best is None or found.spare > best.spare:
                best = found
            if best.spare >= PLENTY:
                break
        return best

    def _legal(self, number: int, codeword: bytes) -> bool:
        """Whether the block's data hold only the alphabet, as far as the text surely reaches."""
        start = sum(self._blocks.sizes[:number])
        data = codeword[: self._blocks.sizes[number]]
        header = (4 + count_bits(self.version)) // 8
        certain = self._grammar.shortest + header
        legal = self._grammar.legal
        for index in range(len(data) - 1):
            if header <= start + index < certain - 1:
                char = (data[index] & 15) << 4 | data[index + 1] >> 4
                if char not in legal:
                    return False
        return True

    def _assemble(self, pattern: int, soft: Floats, pool: Pool) -> Decoded | None:
        """The whole text, if every block is there, and the symbol it makes looks like this one."""
        winners = [pool.winner((pattern, n)) for n in range(len(self._blocks.sizes))]
        known = [winner for winner in winners if winner]
        if len(known) < len(winners):
            return None
        data = assemble([codeword for codeword, _ in known], self.version, self.level)
        text = read_bytes_mode(data, self.version)
        if text is None or not text.isascii() or not padding_ok(data, self.version):
            return None
        payload = parse_payload(text.decode("ascii"), self._rules)
        if not isinstance(payload, Payload):
            return None
        seen = soft != 0
        drawn = encode(text, self.version, self.level, pattern)
        agreement = float(((soft > 0) == (drawn == 1))[seen].mean()) if seen.any() else 0.0
        if agreement < LEAST_AGREEMENT:
            return None
        spare = min(spare for _, spare in known)
        return Decoded(payload, pattern, spare, float(seen.mean()), agreement)


def _plausibility(bits: NDArray[np.float64]) -> float:
    """How well the low half of every stream byte agrees with 001x, in [-1, 1].

    All characters of a payload begin with that half byte, and in byte mode they lie half a byte
    out of step.
    """
    low = bits[:, 4:7]
    seen = (low != 0).all(axis=1)
    if seen.sum() < 12:
        return 0.3
    return float((low[seen] @ np.array([-1.0, -1.0, 1.0])).mean() / 3)
