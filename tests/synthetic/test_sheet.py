"""Drawn sheets: what is printed stands where the layout says, and readers can read it."""

from __future__ import annotations

import dataclasses
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

from pipeline.layout import MM_PER_INCH, Layout, load_layout
from pipeline.lettering import strip
from pipeline.synthetic.encode import STYLES, JpegStyle, encode_jpeg
from pipeline.synthetic.paper import scan_look
from pipeline.synthetic.people import INVENTED_IDS, INVENTED_NAMES
from pipeline.synthetic.sheet import BallotRow, DrawnSheet, SheetData, draw_sheet
from pipeline.synthetic.symbol import MASKS, symbol_modules
from pipeline.synthetic.tables import spell

LAYOUT = load_layout(Path(__file__).parents[2] / "configs" / "venezuela-2024" / "layout.yaml")
CANDIDATES = (13, 6, 1, 4, 6, 1, 2, 3, 1, 1)
BALLOT = [
    BallotRow(f"CANDIDATURA {letter}", f"P{letter}{row}", str(100 * number + row))
    for number, (letter, rows) in enumerate(zip("ABCDEFGHIJ", CANDIDATES, strict=True), start=1)
    for row in range(rows)
]
VOTES = (149, 6, 9, 3, 13, 2, 0, 2, 11, 4, 1, 1, 3, *[0] * 20, 8, 23, 334, 2, 2)
SMALL_BALLOT = [
    BallotRow(name, f"X{n}", str(n)) for n, name in enumerate(["UNA"] * 3 + ["DOS"] * 2)
]


def payload_of(votes: tuple[int, ...]) -> str:
    return f"240111020.01.1.0001!{','.join(map(str, votes))}!0!0"


DATA = SheetData(
    acta_code="240111020.01.1.0001",
    centre_code="240111020",
    votes=VOTES,
    null_votes=0,
    empty_votes=0,
    registered_voters=891,
    voters_book=sum(VOTES),
    payload=payload_of(VOTES),
    uuid="00000000-1111-2222-3333-444444444444",
    printed_at="28/07/2024 08:24:06 PM",
    places=("País VENEZUELA", "Estado EDO. LA GUAIRA", "Municipio MP. VARGAS", "Parroquia PQ. A"),
    centre_lines=("ESCUELA INVENTADA", "", "CALLE UNO", "CASA DOS"),
    hash_hex="0123456789ABCDEF" * 4,
)
SMALL = dataclasses.replace(
    DATA, votes=(1, 20, 3, 4444, 0), payload=payload_of((1, 20, 3, 4444, 0)), voters_book=4468
)


def drawn(data: SheetData = DATA, seed: int = 1, dpi: int = 200) -> DrawnSheet:
    ballot = BALLOT if len(data.votes) == len(BALLOT) else SMALL_BALLOT
    return draw_sheet(data, ballot, LAYOUT, np.random.default_rng(seed), dpi=dpi)


def scanned(style: JpegStyle, seed: int, data: SheetData = DATA) -> tuple[DrawnSheet, bytes]:
    dpi = 300 if style == "colour-300" else 200
    rng = np.random.default_rng(seed)
    ballot = BALLOT if len(data.votes) == len(BALLOT) else SMALL_BALLOT
    sheet = scan_look(draw_sheet(data, ballot, LAYOUT, rng, dpi=dpi), rng, dpi=dpi)
    return sheet, encode_jpeg(sheet.image, style, rng)


def decoded(jpeg: bytes, flag: int = cv2.IMREAD_GRAYSCALE) -> NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), flag), np.uint8)


def symbols(image: NDArray[np.uint8]) -> list[zxingcpp.Barcode]:
    return list(zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode))


def px(mm: float, dpi: int = 200) -> int:
    return round(mm / MM_PER_INCH * dpi)


def moved(layout: Layout, **changes: object) -> Layout:
    return dataclasses.replace(layout, **changes)  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert scanned("grey-200", 7)[1] == scanned("grey-200", 7)[1]
    assert scanned("grey-200", 7)[1] != scanned("grey-200", 8)[1]


@pytest.mark.parametrize("style", STYLES)
def test_the_symbol_is_read_from_the_file_and_stands_where_it_is_said_to(style: JpegStyle) -> None:
    sheet, jpeg = scanned(style, 3)
    (found,) = symbols(decoded(jpeg))
    assert found.text == DATA.payload
    place = found.position
    corners = [place.top_left, place.top_right, place.bottom_right, place.bottom_left]
    assert sheet.symbol_corners is not None
    off = np.abs(np.array([(p.x, p.y) for p in corners]) - sheet.symbol_corners).max()
    assert off < (8 if style == "colour-300" else 5)  # about half a module


@pytest.mark.parametrize("seed", range(6))
def test_every_module_stands_where_the_corners_say(seed: int) -> None:
    sheet, _ = scanned("grey-200", seed)
    assert sheet.symbol_corners is not None
    square = np.array([(0, 0), (49, 0), (49, 49), (0, 49)], np.float32)
    to_scan = cv2.getPerspectiveTransform(square, sheet.symbol_corners)
    y, x = np.mgrid[0:49, 0:49] + 0.5
    centres = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)[None]
    places = np.round(cv2.perspectiveTransform(centres, to_scan)[0] - 0.5).astype(int)
    dark = sheet.image[places[:, 1], places[:, 0]].reshape(49, 49) < 140
    candidates = [symbol_modules(DATA.payload, LAYOUT.symbol, mask) for mask in MASKS]
    assert max((dark == modules).mean() for modules in candidates) > 0.998


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_fifty_symbols_are_read_at_half_size_from_the_last_eighth(style: JpegStyle) -> None:
    for seed in range(50):
        half = decoded(scanned(style, seed)[1], cv2.IMREAD_REDUCED_GRAYSCALE_2)
        tail = np.ascontiguousarray(half[int(half.shape[0] * 0.88) :])
        assert [found.text for found in symbols(tail)] == [DATA.payload], seed


@pytest.mark.parametrize(
    ("style", "lightest", "heaviest", "mode", "dpi"),
    [
        ("grey-200-coarse", 90_000, 260_000, "L", 200),
        ("grey-200-fine", 90_000, 275_000, "L", 200),
        ("colour-200", 500_000, 1_300_000, "RGB", 200),
        ("colour-300", 1_000_000, 1_700_000, "RGB", 300),
    ],
)
def test_files_weigh_and_measure_what_real_ones_do(
    style: JpegStyle, lightest: int, heaviest: int, mode: str, dpi: int
) -> None:
    _, jpeg = scanned(style, 5)
    assert lightest < len(jpeg) < heaviest
    with Image.open(BytesIO(jpeg)) as image:
        assert image.mode == mode
        assert image.info["jfif_density"] == (dpi, dpi)
        wide, high = image.size
    if dpi == 200:
        assert 620 <= wide <= 660
        assert 6500 < high < 7200
    else:
        assert wide == 929
        assert 9800 < high < 10800


def test_real_quantization_tables_are_used() -> None:
    firsts = {}
    for style in STYLES[1:]:
        with Image.open(BytesIO(scanned(style, 5)[1])) as image:
            firsts[style] = image.quantization[0][:4]  # type: ignore[attr-defined]
    assert firsts == {
        "grey-200-fine": [29, 19, 18, 29],
        "grey-200-coarse": [160, 110, 100, 160],
        "colour-200": [2, 1, 1, 2],
        "colour-300": [6, 5, 6, 6],
    }


def test_a_sheet_without_payload_has_no_symbol_and_the_same_length() -> None:
    bare = drawn(dataclasses.replace(DATA, payload=""))
    assert bare.symbol_corners is None
    assert not symbols(bare.image)
    assert abs(bare.image.shape[0] - drawn().image.shape[0]) <= 1
    assert scan_look(bare, np.random.default_rng(1)).symbol_corners is None


def test_another_election_draws_too() -> None:
    sheet = drawn(SMALL)
    assert [found.text for found in symbols(sheet.image)] == [SMALL.payload]
    table = LAYOUT.ballot_table
    # 33 rows and 8 candidates fewer: the paper is shorter by just their pitches.
    shorter = 25 * table.row_pitch + 8 * (table.row_to_heading + table.heading_to_row)
    assert drawn().image.shape[0] - sheet.image.shape[0] == pytest.approx(px(shorter), abs=2)


@pytest.mark.parametrize(("characters", "modules"), [(108, 49), (109, 53), (128, 53)])
def test_the_smallest_version_that_holds_the_payload_is_printed(
    characters: int, modules: int
) -> None:
    assert symbol_modules("7" * characters, LAYOUT.symbol, 2).shape == (modules, modules)


@pytest.mark.parametrize("mask", MASKS)
def test_every_mask_is_read(mask: int) -> None:
    modules = symbol_modules(DATA.payload, LAYOUT.symbol, mask)
    image = np.kron(np.pad(~modules, 4, constant_values=True), np.ones((4, 4))) * 255
    assert [found.text for found in symbols(image.astype(np.uint8))] == [DATA.payload]


def test_version_9_is_read_from_a_file() -> None:
    votes = tuple(100 + vote % 10 for vote in VOTES[:14]) + VOTES[14:]
    wide = dataclasses.replace(DATA, votes=votes, payload=payload_of(votes))
    assert len(wide.payload) > 108
    assert [found.text for found in symbols(decoded(scanned("grey-200", 2, wide)[1]))] == [
        wide.payload
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"payload": "9" * 200}, "fits no QR version"),
        ({"votes": VOTES[:-1]}, "37 votes for a ballot of 38"),
        ({"votes": (10_000, *VOTES[1:])}, "10424 does not fit"),
    ],
)
def test_what_cannot_be_printed_is_refused(change: dict[str, object], message: str) -> None:
    data = dataclasses.replace(DATA, **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        draw_sheet(data, BALLOT, LAYOUT, np.random.default_rng(1))


def test_an_override_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="printed_digits has 1"):
        dataclasses.replace(DATA, printed_digits=(1,))


def test_spacing_widens_the_gaps_and_not_the_letters() -> None:
    plain = dataclasses.replace(LAYOUT.fonts.body, spacing=0.0)
    wide = dataclasses.replace(plain, spacing=4 * LAYOUT.paper.dot)
    dots = 4 * plain.size / MM_PER_INCH * 200 / round(plain.size / LAYOUT.paper.dot)
    for text in ("0", "Cero", "Uno, Dos"):
        one, other = (strip(text, font, LAYOUT.paper.dot, 200) for font in (plain, wide))
        gaps = dots * plain.stretch * (len(text) - 1)
        assert other.width - one.width == pytest.approx(gaps, abs=2)
        assert abs(other.grey.shape[0] - one.grey.shape[0]) <= 1


def test_a_printed_one_stands_on_no_foot_and_a_five_is_like_a_six() -> None:
    glyphs = {t: strip(t, LAYOUT.fonts.digits, LAYOUT.paper.dot, 200).grey for t in "156"}
    ink = (glyphs["1"] < 128).sum(axis=1)
    assert ink[-2] < ink.max()
    five, six = (cv2.resize(glyphs[t], (8, 13), interpolation=cv2.INTER_AREA).ravel() for t in "56")
    assert np.corrcoef(five, six)[0, 1] > 0.75


def test_spelling() -> None:
    assert spell(149, LAYOUT.words) == ("Cero", "Uno", "Cuatro", "Nueve")
    assert spell(9999, LAYOUT.words) == ("Nueve",) * 4
    with pytest.raises(ValueError, match="-1"):
        spell(-1, LAYOUT.words)


def changed_columns(one: DrawnSheet, other: DrawnSheet) -> tuple[int, int]:
    columns = np.flatnonzero((one.image != other.image).any(axis=0))
    return int(columns[0]), int(columns[-1])


def test_a_tampered_number_changes_only_its_column() -> None:
    table = LAYOUT.ballot_table
    tampered = (5, *VOTES[1:])
    first, last = changed_columns(
        drawn(), drawn(dataclasses.replace(DATA, printed_digits=tampered))
    )
    assert px(table.number_x) - 30 < first <= last < px(table.number_x) + 30
    first, last = changed_columns(drawn(), drawn(dataclasses.replace(DATA, printed_words=tampered)))
    assert px(table.words_x) - 110 < first <= last < px(table.words_x) + 110


@pytest.mark.parametrize("dpi", [200, 300])
@pytest.mark.parametrize(("votes", "wraps"), [(244, True), (449, True), (334, False), (149, False)])
def test_wide_words_go_to_a_second_line(dpi: int, votes: int, *, wraps: bool) -> None:
    with_votes = dataclasses.replace(DATA, printed_words=(votes, *VOTES[1:]))
    plain = dataclasses.replace(DATA, printed_words=(0, *VOTES[1:]))
    changed = (drawn(with_votes, dpi=dpi).image != drawn(plain, dpi=dpi).image).any(axis=1)
    rows = np.flatnonzero(changed)
    assert (rows[-1] - rows[0] > px(3.5, dpi)) == wraps


def test_more_lines_of_address_push_everything_below_down() -> None:
    longer = dataclasses.replace(DATA, centre_lines=(*DATA.centre_lines, "FRENTE", "AL LADO"))
    shift = drawn(longer).members_box[1] - drawn().members_box[1]
    assert shift == pytest.approx(px(2 * LAYOUT.header.line_pitch), abs=1)


def test_a_place_too_long_for_its_line_wraps() -> None:
    wide = (*DATA.places[:2], "Municipio MP. BOLIVARIANO LIBERTADOR", DATA.places[3])
    shift = drawn(dataclasses.replace(DATA, places=wide)).members_box[1] - drawn().members_box[1]
    assert shift == pytest.approx(px(LAYOUT.header.line_pitch), abs=1)


def test_people_write_only_where_the_truth_says_and_never_on_the_symbol() -> None:
    for seed in range(8):
        one, other = drawn(seed=seed), drawn(seed=seed + 100)
        changed = cv2.absdiff(one.image, other.image) > 30
        for note in (*one.notes, *other.notes):
            (x0, y0), (x1, y1) = note.quad.min(axis=0), note.quad.max(axis=0)
            changed[max(0, int(y0)) : int(y1), max(0, int(x0)) : int(x1)] = False
        rows = np.flatnonzero(changed.any(axis=1))
        assert one.symbol_corners is not None
        above_symbol = rows[rows < one.symbol_corners[0, 1]]
        assert above_symbol[0] > one.members_box[1]
        assert above_symbol[-1] < one.members_box[3] + px(2.54)


def test_some_boxes_stay_empty_and_most_do_not() -> None:
    filled = 0
    for seed in range(20):
        sheet = drawn(seed=seed)
        x0, y0, x1, y1 = sheet.members_box
        for box in range(6):
            top = y0 + (y1 - y0) * box // 6 + px(4 * LAYOUT.members.label_pitch) + 5
            field = sheet.image[top : top + px(20), x0 + 5 : x1 - 5]
            filled += bool((field < 128).any())
    assert 80 < filled < 120


def test_invented_people_cannot_be_taken_for_real_ones() -> None:
    assert len(set(INVENTED_NAMES)) == len(INVENTED_NAMES)
    assert all(identity.startswith("00.000.") for identity in INVENTED_IDS)


def test_ink_and_paper_have_real_greys() -> None:
    grey = decoded(scanned("grey-200-fine", 4)[1])
    table = grey[1300:3300, 60:560]
    assert 235 < np.median(table) < 252
    assert 40 < np.percentile(table, 1) < 90
    assert 85 < np.percentile(table, 5) < 150


def test_another_layout_moves_what_is_printed() -> None:
    paper = dataclasses.replace(LAYOUT.paper, top=LAYOUT.paper.top + 10)
    lower = draw_sheet(DATA, BALLOT, moved(LAYOUT, paper=paper), np.random.default_rng(1))
    assert lower.members_box[1] - drawn().members_box[1] == pytest.approx(px(10), abs=1)


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown JPEG style"):
        encode_jpeg(drawn().image, "sepia", np.random.default_rng(1))  # type: ignore[arg-type]
