"""Lines whose letters are first compared with drawings, then with each other.

What the same printer and scanner made of a letter elsewhere on the lines tells it from its rivals
where the drawing is not quite this print's: real B are as near to a drawn 8. But a letter that was
learned where it stands would only agree with itself, so each place is held against what all others
taught. Learned alone errs too, where a letter stands seldom: only both together decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.read.printed.glyphs import ROWS
from pipeline.read.printed.ink import Floats
from pipeline.read.printed.letters import Letters
from pipeline.read.printed.place import Doubles
from pipeline.read.printed.spell import Numbers, Spelling, Window, Written, explained, link

_DRAWN = 2  # real letters that a drawing counts as much as
_CERTAIN = 0.08  # margin from which a letter teaches
_NEAR = 7  # columns that a letter may move once it was spelled
_SURE, _SURE_DRAWN = 0.25, 0.18
"""Margins from which a letter is none of the others: by both comparisons, and by the drawing."""
_FITS, _OVERFITS = 0.4, 2.0
"""Of a letter's ink what is there at least, and at most: more is no letter but a stain."""
_FAINTEST = 0.02
"""Gain of a line below which nothing is told."""


@dataclass(frozen=True)
class Choice:
    """The shape of letters that suits a line best, and how strong it is printed."""

    letters: Letters
    gain: float


def suit(
    line: Written, shapes: Sequence[Letters], window: Window, allowed: Numbers | None = None
) -> Choice | None:
    """Choose by the letters that begin in the window; None where hardly anything is printed."""
    best: tuple[float, Letters] | None = None
    for letters in shapes:
        total = float(link(line, letters, window, None, allowed).forward[-1].max())
        if best is None or total > best[0]:
            best = total, letters
    if best is None or best[0] <= 0:
        return None
    total, letters = best
    gain = float(np.sqrt(total / (len(window.lows) * letters.energies.mean())))
    return Choice(letters, gain) if gain >= _FAINTEST else None


def settle(
    lines: Sequence[Written],
    spellings: Sequence[Spelling],
    choice: Choice,
    allowed: Sequence[Numbers | None],
) -> str | None:
    """The text of lines (L) that were spelled by drawings, or None where a letter is not sure."""
    taught = [
        _Taught(spelling, _inks(line, spelling, choice.letters))
        for line, spelling in zip(lines, spellings, strict=True)
    ]
    school = _School(choice, taught)
    text = ""
    for line, lesson, may in zip(lines, taught, allowed, strict=True):
        again = school.spell(line, lesson, may)
        numbers = _sure(line, lesson.spelling, again, choice.letters)
        if numbers is None:
            return None
        text += "".join(choice.letters.text[number] for number in numbers)
    return text


def _sure(line: Written, drawn: Spelling, learned: Spelling, letters: Letters) -> Numbers | None:
    """The letters by both spellings, None where any is in doubt or beside the page."""
    lacks = (drawn.lacks + learned.lacks) / 2
    numbers = np.asarray(lacks.argmin(axis=1), np.int64)
    clear = (
        _lead(lacks, numbers) >= _SURE
        and _lead(drawn.lacks, numbers) >= _SURE_DRAWN
        and _lead(learned.lacks, numbers) > 0
    )
    end = drawn.xs[-1] + letters.steps[numbers[-1]]
    on_page = line.left <= drawn.xs[0] and end <= line.right + 1
    return numbers if clear and on_page and _fits(drawn, letters) else None


def _fits(drawn: Spelling, letters: Letters) -> bool:
    """Whether every letter has about as much ink as the line; a hyphen has too little to tell."""
    full = letters.energies[drawn.numbers] >= letters.energies.mean() / 2
    fits = drawn.fits[full]
    return bool(fits.min() >= _FITS and fits.max() <= _OVERFITS)


def _lead(lacks: Doubles, numbers: Numbers) -> float:
    """By how much these letters are better than all others, where that is least."""
    places = np.arange(len(numbers))
    others = lacks.copy()
    others[places, numbers] = np.inf
    return float((others.min(axis=1) - lacks[places, numbers]).min())


@dataclass(frozen=True)
class _Taught:
    """A line's spelling, and the ink of each place, None where that is in doubt."""

    spelling: Spelling
    inks: tuple[Floats | None, ...]

    def lessons(self) -> list[tuple[int, Floats]]:
        """Letter and ink of each place that teaches."""
        pairs = zip(self.spelling.numbers, self.inks, strict=True)
        return [(int(number), ink) for number, ink in pairs if ink is not None]


def _inks(line: Written, spelling: Spelling, letters: Letters) -> tuple[Floats | None, ...]:
    """The ink of each place, at the height where it is most like its letter."""
    inks: list[Floats | None] = []
    for number, x, margin in zip(spelling.numbers, spelling.xs, spelling.margins, strict=True):
        drawn = letters.drawn[number]
        part = line.band[:, x : x + drawn.shape[1]]
        if margin < _CERTAIN or part.shape[1] < drawn.shape[1]:
            inks.append(None)
            continue
        heights = [part[top : top + ROWS] for top in range(len(part) - ROWS + 1)]
        inks.append(max(heights, key=lambda ink: float((ink * drawn).sum())))
    return tuple(inks)


class _School:
    """What lines teach: the sum of each letter's inks, its drawing among them."""

    def __init__(self, choice: Choice, taught: Sequence[_Taught]) -> None:
        self._choice = choice
        weight = np.float32(_DRAWN * choice.gain)
        self._sums = [weight * drawn for drawn in choice.letters.drawn]
        self._counts = [_DRAWN] * len(self._sums)
        for number, ink in (lesson for one in taught for lesson in one.lessons()):
            self._sums[number] = self._sums[number] + ink
            self._counts[number] += 1

    def spell(self, line: Written, taught: _Taught, allowed: Numbers | None) -> Spelling:
        """Spell a line by what all others taught, for each place."""
        letters, gain = self._choice.letters, self._choice.gain
        learned = Letters(
            letters.text,
            letters.widths,
            tuple(self._mean(number, None) for number in range(len(self._sums))),
        )
        before = taught.spelling
        window = Window(np.maximum(before.xs - _NEAR, 0), 2 * _NEAR + 1)
        chain = link(line, learned, window, gain, allowed)
        places = list(chain.places)
        for place, (number, ink) in enumerate(zip(before.numbers, taught.inks, strict=True)):
            if ink is None:
                continue
            one = Letters(
                letters.text[number], letters.widths[[number]], (self._mean(number, ink),)
            )
            low = int(window.lows[place])
            part = line.band[:, low : low + window.columns + ink.shape[1] - 1]
            own = explained(part, one, gain)[0, : window.columns]
            places[place] = places[place].copy()
            places[place][number, : len(own)] = own
        # Margins are counted in what separates the drawings, for both spellings alike.
        return replace(chain, places=tuple(places), letters=letters).spell(len(places))

    def _mean(self, number: int, without: Floats | None) -> Floats:
        """A letter as it was taught, without the ink of the place that is to be judged."""
        total, count = self._sums[number], self._counts[number]
        if without is not None:
            total, count = total - without, count - 1
        return np.asarray(total / np.float32(count * self._choice.gain), np.float32)
