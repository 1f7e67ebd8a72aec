"""The cascade finds a sheet's symbol wherever it is, and never chooses between two sheets."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.election import Election
from pipeline.read.image import Limits, open_pages
from pipeline.read.qr import reader
from pipeline.read.qr.rescue import cascade
from pipeline.read.record import Outcome, PageReading
from tests.invent import encode, page, payload_text, symbol, venezuelan
from tests.read.draw import Grey, read

TEXT = venezuelan()
OTHER = venezuelan(mesa=2)
FOREIGN = "https://example.org/maria-perez"


def _read(image: Grey, election: Election, suffix: str = ".png") -> PageReading:
    (reading,) = read(encode(np.ascontiguousarray(image), suffix), election)
    return reading


def _codes(reading: PageReading) -> set[str]:
    return {finding.code for finding in reading.findings}


def _truth(sheet: Grey, text: str = TEXT) -> list[float]:
    """Corners of the lowest symbol of an upright `invent.page`."""
    side = symbol(text).shape[0]
    quiet = 4 * 6
    left, right = 20 + quiet, 20 + side - quiet
    bottom = sheet.shape[0] - 30 - quiet
    top = bottom - side + 2 * quiet
    return [left, top, right, top, right, bottom, left, bottom]


def _paste(
    places: Sequence[tuple[str, int, int]], height: int = 2400, width: int = 900, module: int = 6
) -> Grey:
    """Symbols with their upper left corner at x, y; a negative y counts from the bottom."""
    sheet = np.full((height, width), 255, np.uint8)
    for text, x, y in places:
        drawn = symbol(text, module=module)
        top = y if y >= 0 else height + y
        sheet[top : top + drawn.shape[0], x : x + drawn.shape[1]] = drawn
    return sheet


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_sheet_is_read_in_any_direction(venezuela: Election, quarters: int) -> None:
    sheet = page(TEXT)
    reading = _read(np.rot90(sheet, quarters), venezuela)
    assert (reading.outcome, reading.payload) == (Outcome.READ, TEXT)
    corners = np.array(reading.corners).reshape(4, 2)
    truth = np.array(_truth(sheet)).reshape(4, 2)
    height, width = sheet.shape
    for _ in range(quarters):  # a quarter counter-clockwise: x becomes y, y counts from the right
        truth = np.stack([truth[:, 1], width - 1 - truth[:, 0]], axis=1)
        height, width = width, height
    assert np.abs(corners - truth).max() <= 8


def test_white_on_black_is_read(venezuela: Election) -> None:
    reading = _read((255 - page(TEXT)).astype(np.uint8), venezuela)
    assert (reading.outcome, reading.payload) == (Outcome.READ, TEXT)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_mirrored_sheet_is_read(venezuela: Election, axis: int) -> None:
    reading = _read(np.flip(page(TEXT), axis), venezuela)
    assert (reading.outcome, reading.payload) == (Outcome.READ, TEXT)


@pytest.mark.parametrize("degrees", [-30, -7, 3, 20, 45])
def test_a_slanted_sheet_is_read(venezuela: Election, degrees: float) -> None:
    from PIL import Image

    turned = Image.fromarray(page(TEXT)).rotate(degrees, expand=True, fillcolor=255)
    assert _read(np.asarray(turned), venezuela).payload == TEXT


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize(
    ("skipped", "attempt"),
    [(0, "half-fast"), (1, "half"), (2, "full")],
)
def test_every_attempt_puts_the_corners_where_the_symbol_is(
    venezuela: Election,
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
    skipped: int,
    attempt: str,
) -> None:
    real, calls = reader._decode, iter(range(100))

    def later(*args: Any, **options: Any) -> list[reader.Symbol]:
        return [] if next(calls) < skipped else real(*args, **options)

    monkeypatch.setattr(reader, "_decode", later)
    monkeypatch.setattr(reader, "rescue_page", lambda *_: None)
    sheet = page(TEXT, height=3001)
    (opened,) = open_pages(encode(sheet, suffix), Limits())
    assert not hasattr(opened, "code")
    search = reader.search_symbols(opened, venezuela.rules)
    assert search.attempt == attempt
    corners = np.array(search.symbols[0].corners).reshape(4, 2)
    truth = np.array(_truth(sheet)).reshape(4, 2)
    # Which corner is the symbol's upper left one does not change with the attempt.
    assert np.abs(corners - truth).max() <= 8


PLACES = {
    "stacked at the bottom": [(TEXT, 20, -350), (OTHER, 20, -700)],
    "bottom and top": [(TEXT, 20, -350), (OTHER, 20, 30)],
    "bottom and middle": [(TEXT, 20, -350), (OTHER, 500, 1100)],
    "side by side at the bottom": [(TEXT, 20, -350), (OTHER, 450, -350)],
    "side by side at the top": [(TEXT, 20, 30), (OTHER, 450, 30)],
    "side by side, not level": [(TEXT, 20, -350), (OTHER, 500, -550)],
    "top and middle": [(TEXT, 20, 30), (OTHER, 20, 1200)],
}


@pytest.mark.parametrize("height", [2400, 5000], ids=["short", "long"])
@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES.keys())
def test_two_sheets_in_one_scan_are_ambiguous(
    venezuela: Election, places: list[tuple[str, int, int]], height: int
) -> None:
    reading = _read(_paste(places, height), venezuela)
    assert reading.outcome is Outcome.AMBIGUOUS
    assert reading.rivals == tuple(sorted([TEXT, OTHER]))
    assert reading.payload is None
    assert "symbols-differ" in _codes(reading)
    assert reading.failure


def test_a_second_sheet_is_seen_at_any_height(venezuela: Election) -> None:
    # As on a real sheet, a symbol is 7.8% as high as the page: no strip may be left out.
    seen = {
        y: _read(_paste([(TEXT, 10, -470), (OTHER, 500, y)], 5000, 1000, 8), venezuela).outcome
        for y in range(-1000, -469, 40)
    }
    assert {y: outcome for y, outcome in seen.items() if outcome is not Outcome.AMBIGUOUS} == {}


@pytest.mark.parametrize("height", [2400, 5000], ids=["short", "long"])
def test_two_sheets_head_to_head_are_ambiguous(venezuela: Election, height: int) -> None:
    sheet = _paste([(TEXT, 20, -350)], height)
    sheet[:1000] = np.rot90(_paste([(OTHER, 20, 640)], height=1000), 2)
    assert _read(sheet, venezuela).outcome is Outcome.AMBIGUOUS


def test_two_long_sheets_side_by_side_are_ambiguous(venezuela: Election) -> None:
    sheet = np.hstack([page(TEXT, height=7000), page(OTHER, height=7000)])
    assert _read(sheet, venezuela, ".jpg").rivals == tuple(sorted([TEXT, OTHER]))


@pytest.mark.parametrize("places", [[(20, 2050), (20, 30)], [(20, 2050), (450, 2050)]])
def test_the_same_symbol_twice_is_one_sheet(
    venezuela: Election, places: list[tuple[int, int]]
) -> None:
    reading = _read(_paste([(TEXT, x, y) for x, y in places]), venezuela)
    assert (reading.outcome, reading.payload) == (Outcome.READ, TEXT)
    assert reading.rivals == ()


def test_a_foreign_symbol_alone_is_rejected_without_its_text(venezuela: Election) -> None:
    reading = _read(page(FOREIGN), venezuela)
    assert reading.outcome is Outcome.REJECTED
    assert _codes(reading) == {"payload-grammar"}
    assert reading.payload is None
    assert "example" not in repr(reading)
    assert "perez" not in repr(reading)


def test_a_symbol_of_bytes_is_rejected_without_its_text(venezuela: Election) -> None:
    reading = _read(page("MARÍA PÉREZ V-12345678"), venezuela)
    assert reading.outcome is Outcome.REJECTED
    assert "12345678" not in repr(reading)


def test_the_sheet_of_another_election_is_rejected(venezuela: Election, tiny: Election) -> None:
    sheet = page(payload_text(tiny, "001-1001", [1, 2, 3, 4, 5]), level="M")
    assert _read(sheet, tiny).outcome is Outcome.READ
    assert _read(sheet, venezuela).outcome is Outcome.REJECTED


def test_a_place_of_no_election_is_rejected_as_such(venezuela: Election) -> None:
    reading = _read(page(venezuelan(centre="970111020")), venezuela)
    assert reading.outcome is Outcome.REJECTED
    assert _codes(reading) == {"payload-place"}


@pytest.mark.parametrize("y", [30, 1100])
def test_a_foreign_symbol_beside_the_sheets_own_is_a_note(venezuela: Election, y: int) -> None:
    reading = _read(_paste([(TEXT, 20, 2050), (FOREIGN, 500, y)]), venezuela)
    assert (reading.outcome, reading.payload) == (Outcome.READ, TEXT)
    assert "symbol-foreign" in _codes(reading)
    assert not any(finding.blocks for finding in reading.findings)


def test_a_foreign_symbol_at_the_bottom_does_not_end_the_search(venezuela: Election) -> None:
    reading = _read(_paste([(FOREIGN, 20, 2150), (TEXT, 20, 30)]), venezuela)
    assert (reading.outcome, reading.payload) == (Outcome.READ, TEXT)
    assert "symbol-foreign" in _codes(reading)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_page_without_symbol_is_unreadable(venezuela: Election, value: int) -> None:
    reading = _read(np.full((2400, 600), value, np.uint8), venezuela)
    assert reading.outcome is Outcome.UNREADABLE
    assert _codes(reading) == {"symbol-none"}
    assert reading.failure


def test_noise_is_no_symbol(venezuela: Election) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (1200, 600)).astype(np.uint8)
    assert _read(noise, venezuela).outcome is Outcome.UNREADABLE


def test_not_one_vote_is_a_finding_that_blocks(venezuela: Election) -> None:
    text = payload_text(venezuela, "240111020.01.1.0001", [0] * 38)
    reading = _read(page(text), venezuela)
    assert reading.outcome is Outcome.READ
    assert any(f.blocks for f in reading.findings)
    assert "votes-none" in _codes(reading)


def test_a_symbol_of_an_unusual_form_is_noted(venezuela: Election) -> None:
    assert "symbol-form" not in _codes(_read(page(TEXT, level="Q"), venezuela))
    for level in "LMH":
        reading = _read(page(TEXT, level=level), venezuela)
        assert reading.payload == TEXT
        assert "symbol-form" in _codes(reading)


def test_a_reading_crosses_the_border_of_a_process_unchanged(venezuela: Election) -> None:
    for image in (page(TEXT), page(TEXT, OTHER), page(FOREIGN), page()):
        reading = _read(image, venezuela)
        assert PageReading.from_plain(reading.to_plain()) == reading


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "excellent"},
        {"findings": [{"code": "no-such-code", "detail": ""}]},
        {"findings": [{"code": "symbol-none"}, ["x"]]},
        {"corners": ["x"]},
        {"votes": [1, 2]},
    ],
)
def test_a_reading_that_is_none_does_not_cross(
    venezuela: Election, change: dict[str, object]
) -> None:
    plain = _read(page(), venezuela).to_plain() | change
    with pytest.raises((ValueError, TypeError, KeyError)):
        PageReading.from_plain(plain)


def test_all_real_scans_are_read_as_published(venezuela: Election, real_scans: Path) -> None:
    with (real_scans / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = {row["file"]: row["qr_payload"] for row in csv.DictReader(file)}
    assert len(truth) == 12
    found = {}
    for name in truth:
        (reading,) = read((real_scans / name).read_bytes(), venezuela)
        found[name] = reading.payload
    assert found == truth


def test_a_micro_symbol_is_no_error_and_no_sheet(venezuela: Election) -> None:
    """The library counts Micro QR among QR symbols; noise is taken for one now and then."""
    import zxingcpp

    micro = zxingcpp.create_barcode("12345", zxingcpp.BarcodeFormat.MicroQRCode)
    drawn = np.array(micro.to_image(scale=6), np.uint8)
    alone = np.full((600, 400), 255, np.uint8)
    alone[300 : 300 + drawn.shape[0], 100 : 100 + drawn.shape[1]] = drawn
    assert _read(alone, venezuela).outcome is Outcome.REJECTED
    sheet = page(TEXT)
    sheet[100 : 100 + drawn.shape[0], 100 : 100 + drawn.shape[1]] = drawn
    assert _read(sheet, venezuela).payload == TEXT


# What is read, but is none of this election.


def _strip(text: str, damaged: str = "") -> Grey:
    """A sheet with a symbol at its foot, and another at its head that only the rescue reads."""
    sheet = _paste([(text, 20, -360)], height=2000, width=420)
    if damaged:
        torn = symbol(damaged, module=6)
        torn[: len(torn) // 4] = 255
        sheet[20 : 20 + len(torn), 20 : 20 + torn.shape[1]] = torn
    return sheet


def test_a_sheet_of_another_election_is_not_searched_any_further(
    venezuela: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "rescue_page", lambda *_: pytest.fail("searched"))
    abroad = TEXT.replace("24", "99", 1)
    reading = _read(_strip(abroad), venezuela)
    assert (reading.outcome, _codes(reading)) == (Outcome.REJECTED, {"payload-place"})


def test_a_damaged_symbol_beside_a_strange_one_is_read(venezuela: Election) -> None:
    reading = _read(_strip(FOREIGN, damaged=TEXT), venezuela)
    assert (reading.outcome, reading.payload) == (Outcome.READ, TEXT)
    assert reading.attempt.startswith(reader.RESCUE)
    assert "symbol-foreign" in _codes(reading)


def test_what_was_read_is_not_looked_at_again(
    venezuela: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cascade, "read_grid", lambda *_, **__: pytest.fail("read again"))
    abroad = TEXT.replace("24", "99", 1)
    reading = _read(_paste([(abroad, 20, -350)]), venezuela)
    assert reading.outcome is Outcome.REJECTED
