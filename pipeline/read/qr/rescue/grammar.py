"""What the symbol's text can be: soft bits held against the payload's grammar.

The grammar is strict: an acta code, so many numbers without leading zeros, two more. Dynamic
programming over it (Viterbi, forwards and backwards) gives, for every character, how much better
the best text is than the best one with another character there. Digits and separators differ in
the high half of their bytes, digits among each other in the low half; a byte of the symbol's
stream straddles two characters, and its reliability is the lesser of the two halves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.election import SheetRules
from pipeline.read.qr.codec.stream import write_bytes_mode
from pipeline.read.qr.codec.tables import count_bits

Floats = NDArray[np.float64]
IMPOSSIBLE = -1e9
MOST = 1.5
"""Reliability of what the grammar leaves no choice in; that of one clear bit is about 1."""
UNSURE = 0.05
FOUR_DIGITS = -3.0
"""Price of a number over 999: no sheet seen had one for a party."""
USUAL = 1.0


@dataclass(frozen=True)
class Stream:
    """Bytes of the data stream as the grammar has them, and how reliable each is."""

    values: NDArray[np.uint8]
    reliability: Floats


@dataclass(frozen=True)
class _Alphabet:
    """The characters of a payload; digits come first."""

    chars: str
    bits: Floats
    """k x 8, in -1 and 1, most significant first."""

    @property
    def codes(self) -> NDArray[np.int64]:
        return np.array([ord(char) for char in self.chars])


class PayloadGrammar:
    """The grammar of one election's payloads."""

    def __init__(self, rules: SheetRules) -> None:
        self._rules = rules
        payload, code = rules.payload, rules.acta_code
        specials = dict.fromkeys((payload.value_separator, payload.field_separator, code.separator))
        chars = "0123456789" + "".join(specials)
        bits = np.array([[1 if ord(c) >> (7 - k) & 1 else -1 for k in range(8)] for c in chars])
        self.alphabet = _Alphabet(chars, bits.astype(np.float64))
        self._comma = chars.index(payload.value_separator)
        self._bang = chars.index(payload.field_separator)
        self._head = self._head_allowed()
        self.numbers = rules.positions + 2
        self.digits = payload.max_digits
        self.legal = frozenset(ord(char) for char in chars)
        self.shortest = len(self._head) + 2 * self.numbers - 1
        self.longest = len(self._head) + (self.digits + 1) * self.numbers - 1

    def _head_allowed(self) -> Floats:
        """Prior of each character of the acta code and the separator behind it (h x k)."""
        code = self._rules.acta_code
        rows: list[Floats] = []
        usual = dict(code.usual)
        for number, (name, digits) in enumerate(code.parts):
            if number:
                rows.append(self._only(code.separator))
            for place in range(digits):
                row = np.full(len(self.alphabet.chars), IMPOSSIBLE)
                row[:10] = 0
                if name in usual:
                    row[int(usual[name][place])] = USUAL
                rows.append(row)
        rows.append(self._only(self._rules.payload.field_separator))
        return np.array(rows)

    def _only(self, char: str) -> Floats:
        row = np.full(len(self.alphabet.chars), IMPOSSIBLE)
        row[self.alphabet.chars.index(char)] = 0
        return row

    def decide(self, bits: Floats, version: int, expected: str | None = None) -> Stream | None:
        """The most likely stream for soft data bits (8 a byte; 1 is a one, -1 a zero, 0 unknown).

        `expected` is a text that something else (the print) suggests: a soft prior. None if no
        length of text fits the symbol.
        """
        header = 4 + count_bits(version)
        room = (len(bits) - header) // 8
        longest = min(self.longest, room)
        if longest < self.shortest:
            return None
        chars = bits[header : header + 8 * longest].reshape(longest, 8) @ self.alphabet.bits.T
        if expected is not None:
            chars = chars + self._prior(expected, longest)
        forward, ends = self._forward(chars)
        lengths = np.arange(self.shortest, longest + 1)
        scores = np.array([ends[n] + _frame_score(bits, n, version) for n in lengths.tolist()])
        order = np.argsort(-scores, kind="stable")
        length = int(lengths[order[0]])
        doubtful = len(order) > 1 and scores[order[0]] - scores[order[1]] < MOST
        margins = self._margins(chars[:length], forward, length)
        return self._stream(margins, length, len(bits) // 8, version, doubtful)

    def _prior(self, expected: str, longest: int) -> Floats:
        prior = np.zeros((longest, len(self.alphabet.chars)))
        for place, char in enumerate(expected[:longest]):
            if char in self.alphabet.chars:
                prior[place, self.alphabet.chars.index(char)] = USUAL
        return prior

    # A number's state: 0 nothing yet, 1 a single zero, 2.. so many digits plus one.

    def _forward(self, chars: Floats) -> tuple[list[Floats], Floats]:
        """Best scores of all states before each character, and of a whole text by its length."""
        head = len(self._head)
        total = float((chars[:head] + self._head).max(axis=1).sum())
        state = np.full((self.numbers, self.digits + 2), IMPOSSIBLE)
        state[0, 0] = total
        states = [state]
        ends = np.full(len(chars) + 1, IMPOSSIBLE)
        for place in range(head, len(chars)):
            state = self._step(state, chars[place])
            states.append(state)
            ends[place + 1] = state[-1, 1:].max()
        return states, ends

    def _step(self, state: Floats, scores: Floats) -> Floats:
        zero, other, digit = scores[0], scores[1:10].max(), scores[:10].max()
        following = np.full_like(state, IMPOSSIBLE)
        following[:, 1] = state[:, 0] + zero
        following[:, 2] = state[:, 0] + other
        following[:, 3:] = state[:, 2:-1] + digit
        following[:, 5:] += FOUR_DIGITS
        done = state[:-1, 1:].max(axis=1)
        following[1:, 0] = done + self._separators(scores)
        return following

    def _separators(self, scores: Floats) -> Floats:
        """The score of what stands behind each number but the last."""
        row = np.full(self.numbers - 1, scores[self._comma])
        row[-2:] = scores[self._bang]
        return row

    def _margins(self, chars: Floats, forward: list[Floats], length: int) -> Floats:
        """For each place and character: score of the best text with it there (length x k)."""
        head = len(self._head)
        margins = np.full((length, len(self.alphabet.chars)), IMPOSSIBLE)
        backward = np.full((self.numbers, self.digits + 2), IMPOSSIBLE)
        backward[-1, 1:] = 0
        for place in range(length - 1, head - 1, -1):
            state, scores = forward[place - head], chars[place]
            first = float((state[:, 0] + backward[:, 1]).max())
            fresh = float((state[:, 0] + backward[:, 2]).max())
            price = np.zeros(self.digits - 1)
            price[2:] = FOUR_DIGITS
            more = float((state[:, 2:-1] + backward[:, 3:] + price).max())
            margins[place, 0] = scores[0] + max(first, more)
            margins[place, 1:10] = scores[1:10] + max(fresh, more)
            done = state[:-1, 1:].max(axis=1) + backward[1:, 0]
            margins[place, self._comma] = scores[self._comma] + done[:-2].max(initial=IMPOSSIBLE)
            margins[place, self._bang] = max(
                margins[place, self._bang], scores[self._bang] + float(done[-2:].max())
            )
            backward = self._step_back(backward, scores)
        free = chars[:head] + self._head
        rest = forward[0][0, 0] + backward[0, 0]
        margins[:head] = free - free.max(axis=1, keepdims=True) + rest
        return margins

    def _step_back(self, backward: Floats, scores: Floats) -> Floats:
        zero, other, digit = scores[0], scores[1:10].max(), scores[:10].max()
        before = np.full_like(backward, IMPOSSIBLE)
        before[:, 0] = np.maximum(backward[:, 1] + zero, backward[:, 2] + other)
        before[:, 2:-1] = backward[:, 3:] + digit
        before[:, 4:-1] += FOUR_DIGITS
        ended = backward[1:, 0] + self._separators(scores)
        before[:-1, 1:] = np.maximum(before[:-1, 1:], ended[:, None])
        return before

    def _stream(
        self, margins: Floats, length: int, size: int, version: int, doubtful: bool
    ) -> Stream:
        """The best text as bytes of the stream, with header and padding around it."""
        codes = self.alphabet.codes
        best = margins.argmax(axis=1)
        values = write_bytes_mode(bytes(codes[best].tolist()), version, size)
        reliability = np.full(size, MOST)
        # The low half of this byte is the high half of the first character.
        first = (4 + count_bits(version)) // 8
        for offset, half in ((0, codes >> 4), (1, codes & 15)):
            sure = np.minimum(_gap(margins, best, half) / 2, MOST)
            touched = slice(first + offset, first + offset + length)
            reliability[touched] = np.minimum(reliability[touched], sure)
        if doubtful:
            # The header holds the length, and behind the shortest text all depends on it.
            reliability[: first + 1] = np.minimum(reliability[: first + 1], UNSURE)
            reliability[self.shortest :] = np.minimum(reliability[self.shortest :], UNSURE)
        return Stream(np.frombuffer(values, np.uint8), reliability)


def _gap(margins: Floats, best: NDArray[np.int64], half: NDArray[np.int64]) -> Floats:
    """How much the best text is better than the best with another half byte at each place."""
    differs = half[None] != half[best][:, None]
    top = margins[np.arange(len(best)), best]
    return np.asarray(top - np.where(differs, margins, IMPOSSIBLE).max(axis=1), np.float64)


@lru_cache(maxsize=512)
def _frame_bits(length: int, size: int, version: int) -> tuple[Floats, Floats]:
    """Header bits, and the bits behind the text, in -1 and 1."""
    content = np.frombuffer(write_bytes_mode(b"0" * length, version, size), np.uint8)
    bits = np.unpackbits(content).astype(np.float64) * 2 - 1
    header = 4 + count_bits(version)
    return bits[:header], bits[header + 8 * length :]


def _frame_score(bits: Floats, length: int, version: int) -> float:
    head, tail = _frame_bits(length, len(bits) // 8, version)
    score = float(bits[: len(head)] @ head)
    return score + float(bits[len(bits) - len(tail) :] @ tail) if len(tail) else score
