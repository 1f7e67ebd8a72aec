"""What may be shown of a scan: its numbers, upright and legible, and of its members nothing."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

from jobs.masker import ask, parse
from pipeline.election import Election
from pipeline.publish.evidence.album import (
    LIST,
    Album,
    Entry,
    line_of,
    names_of,
    open_album,
    prune,
    write_image,
)
from pipeline.publish.evidence.show import MOST_BYTES, Shown, is_plain_webp, masked_png, show
from pipeline.publish.evidence.withheld import LASTING, WITHHELD, WithheldError
from pipeline.read.members.paint import PAINT
from pipeline.synthetic.drawn import DrawnSheet
from tests.read.printed import invented

Grey = NDArray[np.uint8]
SHA = "ab" * 32


@pytest.fixture(scope="module", params=[3, 8])
def drawn(venezuela: Election, request: pytest.FixtureRequest) -> DrawnSheet:
    seed = int(request.param)
    return invented.draw(venezuela, invented.content(venezuela, seed), seed=seed)


def decoded(shown: Shown) -> Grey:
    image = cv2.imdecode(np.frombuffer(shown.image, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    assert image.shape == (shown.height, shown.width)
    return np.asarray(image, np.uint8)


def quad(points: tuple[int, ...]) -> NDArray[np.float64]:
    return np.array(points, np.float64).reshape(4, 2)


def test_a_masked_sheet_shows_its_numbers_and_no_member(venezuela: Election) -> None:
    sheet = invented.draw(venezuela, invented.content(venezuela))
    png = cv2.imencode(".png", sheet.image)[1].tobytes()
    shown = cv2.imdecode(
        np.frombuffer(masked_png(png, venezuela.rules), np.uint8), cv2.IMREAD_GRAYSCALE
    )
    assert shown is not None
    assert shown.shape == sheet.image.shape
    block = np.zeros(shown.shape, np.uint8)
    cv2.fillPoly(block, [np.rint(sheet.members_corners).astype(np.int32)], 255)
    assert len(np.unique(shown[block > 0])) == 1
    top = int(sheet.members_corners[:, 1].min()) - 200
    assert np.array_equal(shown[:top], sheet.image[:top])


def test_what_is_no_sheet_is_refused(venezuela: Election) -> None:
    blank = cv2.imencode(".png", np.full((3000, 600), 240, np.uint8))[1].tobytes()
    with pytest.raises(WithheldError) as refused:
        masked_png(blank, venezuela.rules)
    assert refused.value.code == "tables"
    with pytest.raises(WithheldError) as refused:
        masked_png(b"nothing", venezuela.rules)
    assert refused.value.code == "image"


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_the_shown_sheet_is_upright_small_and_bears_its_marks(
    venezuela: Election, drawn: DrawnSheet, quarters: int
) -> None:
    shown = show(invented.as_page(np.rot90(drawn.image, quarters)), venezuela.rules)
    image = decoded(shown)
    assert is_plain_webp(shown.image)
    assert len(shown.image) <= MOST_BYTES
    assert image.shape[0] > 5 * image.shape[1]
    # Whoever has the image can read its symbol, which stands where it is marked.
    (symbol,) = zxingcpp.read_barcodes(image)
    assert symbol.text == zxingcpp.read_barcodes(drawn.image)[0].text
    where = symbol.position
    found = [(p.x, p.y) for p in (where.top_left, where.top_right, where.bottom_right)]
    assert np.abs(quad(shown.symbol)[:3] - found).max() < 6
    # Rows are marked in the form's order, each where its digits are printed.
    kinds = [row.counts for row in invented.model(venezuela).form.rows]
    ballot = [quad(row) for row, kind in zip(shown.rows, kinds, strict=True) if kind == "votes"]
    middles, printed = np.array([row[:, 1].mean() for row in ballot]), drawn.row_centres()[:, 1]
    scale, shift = np.polyfit(printed, middles, 1)
    assert 0.6 < scale < 1.1
    assert np.abs(scale * printed + shift - middles).max() < 5
    dark = [image[int(r[0, 1]) : int(r[2, 1]), int(r[0, 0]) : int(r[1, 0])].min() for r in ballot]
    assert max(dark) < 140  # each holds print


def test_nothing_of_the_members_is_left_in_the_pixels(
    venezuela: Election, drawn: DrawnSheet
) -> None:
    shown = show(invented.as_page(drawn.image), venezuela.rules)
    block = np.zeros((shown.height, shown.width), np.uint8)
    cv2.fillPoly(block, [quad(shown.block).astype(np.int32)], 255)
    inside = decoded(shown)[cv2.erode(block, np.ones((9, 9), np.uint8)) > 0]
    assert inside.size > 400 * 1000
    assert np.abs(inside.astype(int) - PAINT).max() <= 2  # WebP's own rounding


def test_what_lies_beside_the_sheet_is_not_shown(venezuela: Election, drawn: DrawnSheet) -> None:
    """Another sheet on the same scan, whose symbol nobody could read."""
    height, width = drawn.image.shape
    scan = np.full((height, 2 * width + 40), 128, np.uint8)
    scan[:, :width] = drawn.image
    other = drawn.image.copy()
    other[drawn.members_box[3] :] = 128
    scan[:, width + 40 :] = other
    shown = show(invented.as_page(scan), venezuela.rules)
    assert shown.width < 1.15 * width * shown.height / height
    assert shown.width < 600


def test_a_scan_of_two_sheets_is_withheld(venezuela: Election, drawn: DrawnSheet) -> None:
    both = np.hstack([drawn.image, drawn.image])
    with pytest.raises(WithheldError) as withheld:
        show(invented.as_page(both), venezuela.rules)
    assert withheld.value.code == "several"


def test_a_sheet_whose_block_is_not_there_is_withheld(
    venezuela: Election, drawn: DrawnSheet
) -> None:
    image = drawn.image.copy()
    cv2.fillPoly(image, [np.rint(drawn.members_corners).astype(np.int32)], 255)
    with pytest.raises(WithheldError) as withheld:
        show(invented.as_page(image), venezuela.rules)
    assert withheld.value.code == "block"


def test_noise_does_not_make_an_image_large(venezuela: Election, drawn: DrawnSheet) -> None:
    noise = np.random.default_rng(1).normal(0, 25, drawn.image.shape)
    worn = np.clip(drawn.image + noise, 0, 255).astype(np.uint8)
    assert len(show(invented.as_page(worn), venezuela.rules).image) <= MOST_BYTES


def small_webp(**more: object) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (40, 90), 200).save(stream, "WEBP", quality=30, **more)
    return stream.getvalue()


def test_only_a_bare_image_passes_the_border() -> None:
    plain = small_webp()
    exif = Image.Exif()
    exif[0x010E] = "INVENTADA PRUEBA"
    head = b'{"page":1,"width":40,"height":90,"symbol":[],"block":[],"rows":[]}\n'
    answer = parse(head + plain)
    assert answer.shown == Shown(40, 90, (), (), (), plain)
    assert parse(b'{"page":3,"withheld":"block"}').withheld == "block"
    for bad in (
        head + small_webp(exif=exif), head + small_webp(lossless=True), head + plain + b"more",
        head + plain[:-1], head, head + b"\x89PNG\r\n", b"{}\n" + plain, b"not json\n" + plain,
        b'{"page":1,"withheld":"because"}', b'{"page":1,"withheld":"block"}\n' + plain,
        b'{"page":0,"withheld":"block"}', head.replace(b"40", b"99999") + plain,
        head.replace(b'"symbol":[]', b'"symbol":[1,2,3,4,5,6,7,8,9]') + plain,
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r".+"):
            parse(bad)


def test_a_file_is_asked_for_its_pages_in_order() -> None:
    assert ask((7, 2), b"bytes") == b"\0\0\0\2\0\0\0\2\0\0\0\7bytes"


def test_the_reasons_are_known() -> None:
    assert WITHHELD.keys() > LASTING


def album(folder: Path) -> Album:
    found = open_album(folder)
    assert found is not None
    return found


def test_an_album_trusts_only_what_is_there(tmp_path: Path) -> None:
    folder = tmp_path
    assert open_album(folder) is None
    shown = Shown(40, 90, (), (), ((1,) * 8,), small_webp())
    for page in (1, 2, 3):
        write_image(folder, (SHA, page), shown)
    entries = [Entry(SHA, page, "1", 40, 90, len(shown.image)) for page in (1, 2, 3)]
    withheld = Entry("cd" * 32, 1, "1", withheld="block")
    again = Entry("ef" * 32, 1, "1", withheld="vanished")
    lines = [*map(line_of, [*entries, withheld, again]), b'{"sha256": "half a li']
    (folder / LIST).write_bytes(b"".join(lines))
    (folder / names_of((SHA, 2))[0]).write_bytes(b"cut off")
    (folder / names_of((SHA, 3))[1]).unlink()
    book = album(folder)
    assert {key for key in book.entries if book.is_done(key, "1")} == {(SHA, 1), ("cd" * 32, 1)}
    assert not any(book.is_done(key, "2") for key in book.entries)
    left = prune(book, frozenset({(SHA, 1)}))
    assert left.entries.keys() == {(SHA, 1)}
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
    assert files == [f"ab/{SHA}.js", f"ab/{SHA}.webp", LIST]
    assert album(folder).entries == left.entries
