"""What may be an image is opened by its bytes, bounded by its header, and never trusted."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.election import Election
from pipeline.findings import Finding
from pipeline.read.image import Limits, Page, open_pages, sniff
from pipeline.read.record import Outcome, PageReading
from tests.invent import encode, page, symbol, venezuelan
from tests.read import draw
from tests.read.draw import many_pages, oriented, read, save

TEXT = venezuelan()
PROJECT = Path(__file__).parents[2]


def _only(content: bytes, election: Election, limits: Limits | None = None) -> PageReading:
    (reading,) = read(content, election, limits)
    return reading


def _codes(reading: PageReading) -> list[str]:
    return [finding.code for finding in reading.findings]


# What is read.


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tiff"])
def test_the_bytes_tell_the_format(venezuela: Election, suffix: str) -> None:
    reading = _only(encode(page(TEXT), suffix), venezuela)
    assert (reading.outcome, reading.payload) == (Outcome.READ, TEXT)
    assert reading.format == suffix[1:].replace("jpg", "jpeg")
    assert (reading.width, reading.height) == page(TEXT).shape[::-1]


@pytest.mark.parametrize(("kind", "count"), [("TIFF", 3), ("PDF", 2)])
def test_every_page_of_a_file_is_read(venezuela: Election, kind: str, count: int) -> None:
    texts = [venezuelan(mesa=n) for n in range(1, count + 1)]
    readings = read(many_pages(kind, texts), venezuela)
    assert [reading.payload for reading in readings] == texts
    assert [reading.page for reading in readings] == list(range(1, count + 1))


def test_an_empty_page_hides_none_of_the_others(venezuela: Election) -> None:
    texts = [venezuelan(mesa=1), "", venezuelan(mesa=3)]
    readings = read(many_pages("TIFF", texts), venezuela)
    assert [reading.payload for reading in readings] == [texts[0], None, texts[2]]
    assert readings[1].outcome is Outcome.UNREADABLE


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "group4"])
def test_tiff_of_any_usual_compression_is_read(venezuela: Election, compression: str) -> None:
    image = Image.fromarray(page(TEXT))
    if compression == "group4":
        image = image.convert("1")
    assert _only(save(image, "TIFF", compression=compression), venezuela).payload == TEXT


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_turned_photo_is_read_upright(venezuela: Election, kind: str, orientation: int) -> None:
    reading = _only(oriented(TEXT, orientation, kind), venezuela)
    assert (reading.outcome, reading.payload) == (Outcome.READ, TEXT)
    # All of them show the same page: the symbol must be found in the same place.
    upright = _only(oriented(TEXT, 1, kind), venezuela)
    assert np.allclose(reading.corners, upright.corners, atol=4)
    assert (reading.width, reading.height) == (upright.width, upright.height)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("PNG", "LA"),
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("PNG", "1"),
        ("PNG", "I;16"),
        ("TIFF", "I;16"),
        ("TIFF", "RGBA"),
        ("TIFF", "CMYK"),
        ("TIFF", "P"),
        ("TIFF", "1"),
    ],
)
def test_every_colour_mode_is_read(venezuela: Election, kind: str, mode: str) -> None:
    grey = page(TEXT)
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    else:
        image = Image.fromarray(grey).convert("RGB").convert(mode)
    assert image.mode == mode
    reading = _only(save(image, kind), venezuela)
    assert (reading.outcome, reading.payload) == (Outcome.READ, TEXT)


# What ends early.


@pytest.fixture(scope="module")
def jpegs() -> dict[str, bytes]:
    """A sheet with its symbol at the bottom, and one stored with its symbol at the top."""
    noise = np.random.default_rng(1).integers(0, 40, page(TEXT).shape)
    sheet = (page(TEXT).astype(np.int64) * 215 // 255 + noise).astype(np.uint8)
    return {"bottom": encode(sheet), "top": encode(np.ascontiguousarray(sheet[::-1, ::-1]))}


def test_a_jpeg_that_kept_most_of_its_symbol_is_rescued(
    venezuela: Election, jpegs: dict[str, bytes]
) -> None:
    content = jpegs["bottom"]
    reading = _only(content[: int(len(content) * 0.9)], venezuela)
    assert (reading.outcome, reading.payload) == (Outcome.READ, TEXT)
    assert reading.attempt.startswith("rescue")
    assert _codes(reading)[0] == "image-truncated"


@pytest.mark.parametrize("keep", [0.4, 0.5, 0.6])
def test_a_jpeg_that_lost_its_symbol_failed(
    venezuela: Election, jpegs: dict[str, bytes], keep: float
) -> None:
    content = jpegs["bottom"]
    reading = _only(content[: int(len(content) * keep)], venezuela)
    assert reading.outcome is Outcome.FAILED
    assert _codes(reading)[0] == "image-truncated"


@pytest.mark.parametrize("keep", [0.5, 0.7, 0.99])
def test_a_jpeg_that_kept_its_symbol_is_read_with_a_note(
    venezuela: Election, jpegs: dict[str, bytes], keep: float
) -> None:
    content = jpegs["top"]
    reading = _only(content[: int(len(content) * keep)], venezuela)
    assert (reading.outcome, reading.payload) == (Outcome.READ, TEXT)
    assert _codes(reading)[0] == "image-truncated"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "PDF"])
@pytest.mark.parametrize("keep", [4, 8, 20, 100, 300, 0.3, 0.4])
def test_a_file_cut_anywhere_before_its_symbol_failed(
    venezuela: Election, kind: str, keep: float
) -> None:
    content = save(page(TEXT), kind)
    cut = content[: keep if isinstance(keep, int) else int(len(content) * keep)]
    for reading in read(cut, venezuela):
        assert reading.outcome is Outcome.FAILED, (kind, keep, reading)
        assert reading.failure


# What is refused.


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b"\0", "file-format"),
        (b"hello, this is no image\n" * 20, "file-format"),
        (b"<!DOCTYPE html><html>404</html>", "file-format"),
        (b"GIF89a" + b"\0" * 100, "file-format"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "file-format"),
        (b"\xff\xd8\xff", "image-corrupt"),
        (b"\xff\xd8\xff\xd9", "image-corrupt"),
        (b"\xff\xd8\xff" + b"\xab" * 5000, "image-corrupt"),
        (b"\x89PNG\r\n\x1a\n", "image-corrupt"),
        (b"\x89PNG\r\n\x1a\n" + b"\xab" * 5000, "image-corrupt"),
        (b"II*\0", "image-corrupt"),
        (b"MM\0*" + b"\xff" * 500, "image-corrupt"),
        (b"%PDF-1.7\n", "image-corrupt"),
        (b"%PDF-" + b"\xab" * 5000, "image-corrupt"),
    ],
)
def test_what_is_no_image_failed_and_says_why(
    venezuela: Election, content: bytes, code: str
) -> None:
    reading = _only(content, venezuela)
    assert reading.outcome is Outcome.FAILED
    assert _codes(reading) == [code]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("shape", [(1, 1), (20, 5000), (5000, 20)])
def test_an_image_too_small_for_any_symbol_is_refused(
    venezuela: Election, kind: str, shape: tuple[int, int]
) -> None:
    reading = _only(save(np.zeros(shape, np.uint8), kind), venezuela)
    assert (reading.outcome, _codes(reading)) == (Outcome.FAILED, ["image-too-small"])


def test_the_smallest_image_that_could_hold_a_symbol_is_looked_at(venezuela: Election) -> None:
    reading = _only(save(np.full((21, 21), 255, np.uint8), "PNG"), venezuela)
    assert reading.outcome is Outcome.UNREADABLE


def test_more_bytes_than_the_limit_are_refused(venezuela: Election) -> None:
    content = encode(page(TEXT))
    fits = Limits(max_bytes=len(content))
    assert _only(content, venezuela, fits).payload == TEXT
    reading = _only(content + b"\0", venezuela, fits)
    assert (reading.outcome, _codes(reading)) == (Outcome.FAILED, ["file-too-large"])


@pytest.mark.parametrize(
    "content",
    [
        draw.png(65_535, 65_535, rows=b""),
        draw.png(2**31 - 1, 2**31 - 1, rows=b""),
        draw.png(20_000, 20_000),
        draw.jpeg_claiming(65_500, 65_500),
        draw.jpeg_claiming(12_000, 12_000),
        draw.tiff_claiming(65_535, 65_535),
        draw.tiff_claiming(12_000, 12_000),
    ],
    ids=["png header", "png 2^31", "png bomb", "jpeg max", "jpeg", "tiff max", "tiff"],
)
def test_too_many_pixels_are_refused_by_the_header_and_named_so(
    venezuela: Election, content: bytes
) -> None:
    reading = _only(content, venezuela)
    assert (reading.outcome, _codes(reading)) == (Outcome.FAILED, ["image-too-large"])


def test_a_later_page_with_too_many_pixels_is_refused_too(venezuela: Election) -> None:
    content = bytearray(many_pages("TIFF", [TEXT, venezuelan(mesa=2)]))
    first = int.from_bytes(content[4:8], "little")
    entries = int.from_bytes(content[first : first + 2], "little")
    link = first + 2 + 12 * entries
    second = int.from_bytes(content[link : link + 4], "little")
    for entry in (0, 1):  # width and height, the two lowest tags
        at = second + 2 + 12 * entry
        content[at : at + 12] = struct.pack("<HHII", 256 + entry, 4, 1, 60_000)
    one, two = read(bytes(content), venezuela)
    assert one.payload == TEXT
    assert (two.outcome, _codes(two)) == (Outcome.FAILED, ["image-too-large"])


def test_a_limit_above_pillows_own_holds_too() -> None:
    (opened,) = open_pages(draw.png(20_000, 10_000), Limits(max_pixels=400_000_000))
    assert isinstance(opened, Page), opened
    assert (opened.width, opened.height) == (20_000, 10_000)


BOMBS = {
    "dimensions": """
        draw.png(20_000, 20_000), draw.png(65_535, 65_535, rows=b""),
        draw.jpeg_claiming(65_500, 65_500), draw.tiff_claiming(65_535, 65_535),
        draw.tiff_claiming(4_000_000_000, 30)
    """,
    "chunk of a png": "draw.png_with_chunk_claiming(0xFFFF_FFF0)",
}
MEASURE = """
import resource, time
from pathlib import Path
from pipeline.election import load_election
from pipeline.read.image import Limits
from pipeline.read.sheet import read_scan
from tests.read import draw

rules = load_election(Path("configs/venezuela-2024")).rules
bombs = [{bombs}]
start = time.process_time()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for bomb in bombs:
    (reading,) = read_scan(bomb, rules, Limits())
    assert reading.outcome in ("failed", "unreadable"), reading
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(len(max(bombs, key=len)), grown, time.process_time() - start)
"""


@pytest.mark.parametrize("bombs", BOMBS.values(), ids=BOMBS.keys())
def test_a_decompression_bomb_costs_neither_memory_nor_time(bombs: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE.format(bombs=bombs)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    largest, kilobytes, seconds = done.stdout.split()
    assert int(largest) < 100_000
    assert int(kilobytes) < 20_000
    assert float(seconds) < 0.5


def test_a_tiff_that_lies_about_its_pixels_is_corrupt(venezuela: Election) -> None:
    reading = _only(draw.tiff_claiming(3000, 3000), venezuela)
    assert (reading.outcome, _codes(reading)) == (Outcome.FAILED, ["image-corrupt"])


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_more_pages_than_the_limit_are_refused(venezuela: Election, kind: str) -> None:
    content = many_pages(kind, [venezuelan(mesa=n) for n in (1, 2, 3)])
    assert len(read(content, venezuela, Limits(max_pages=3))) == 3
    readings = read(content, venezuela, Limits(max_pages=2))
    assert _codes(readings[-1]) == ["pages-too-many"]
    assert readings[-1].outcome is Outcome.FAILED


def _pdf(media_box: str) -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [{media_box}] >>".encode(),
    ]
    body = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 4\n0000000000 65535 f \n"
    table += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer << /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + table + trailer


@pytest.mark.parametrize(
    "box",
    ["0 0 1000000 1000000", "0 0 1e39 1e39", "0 0 0 0", "0 0 -5 -5", "0 0 nan nan", "0 0 1 999999"],
)
def test_a_pdf_page_of_an_absurd_size_is_a_finding(venezuela: Election, box: str) -> None:
    (reading,) = read(_pdf(box), venezuela)
    assert reading.outcome in (Outcome.FAILED, Outcome.UNREADABLE)
    assert reading.findings


def test_a_pdf_with_a_password_failed(venezuela: Election) -> None:
    # The standard security handler with a user password nobody knows.
    locked = _pdf("0 0 200 200").replace(
        b"trailer << /Size 4",
        b"trailer << /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <"
        + b"ab" * 32
        + b"> /U <"
        + b"cd" * 32
        + b"> >> /ID [<00><00>] /Size 4",
    )
    reading = _only(locked, venezuela)
    assert (reading.outcome, _codes(reading)) == (Outcome.FAILED, ["image-corrupt"])


def test_the_name_of_a_format_is_told_by_its_first_bytes() -> None:
    blank = np.zeros((30, 30), np.uint8)
    assert [sniff(save(blank, kind)) for kind in ("JPEG", "PNG", "TIFF", "PDF")] == [
        "jpeg",
        "png",
        "tiff",
        "pdf",
    ]
    assert sniff(b"") is None
    assert sniff(b"\xff\xd8") is None


# What is damaged.

SMALL = Limits(max_pixels=1_000_000, max_pages=20)


@pytest.fixture(scope="session")
def seeds() -> dict[str, bytes]:
    """Small valid files of each format."""
    drawn = symbol(TEXT, module=3)
    files = {kind: save(drawn, kind) for kind in ("JPEG", "PNG", "TIFF", "PDF")}
    image = Image.fromarray(drawn)
    files["LZW"] = save(image, "TIFF", compression="tiff_lzw")
    files["pages"] = save(image, "TIFF", save_all=True, append_images=[image], exif=_exif(6))
    files["EXIF"] = save(image, "JPEG", exif=_exif(6))
    return files


def _exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


ALL_DAMAGE = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "LZW", "pages", "PDF"])
@ALL_DAMAGE
@given(data=st.data())
def test_no_damage_makes_reading_raise(
    venezuela: Election, seeds: dict[str, bytes], kind: str, data: st.DataObject
) -> None:
    size = len(seeds[kind])
    # Half of the flips hit the header, where they do most.
    places = st.one_of(st.integers(0, min(400, size - 1)), st.integers(0, size - 1))
    keep = data.draw(st.integers(0, size) | st.just(size))
    _assert_survives(data, seeds[kind], places, keep, venezuela)


@settings(ALL_DAMAGE, max_examples=20)
@given(data=st.data())
def test_no_damage_to_what_a_camera_says_makes_reading_raise(
    venezuela: Election, seeds: dict[str, bytes], data: st.DataObject
) -> None:
    """Only where EXIF stands: the rest is a JPEG as any other, and takes long on its side."""
    content = seeds["EXIF"]
    first = content.index(b"Exif")
    places = st.integers(first - 4, first + 40)
    _assert_survives(data, content, places, len(content), venezuela)


def _assert_survives(
    data: st.DataObject,
    sound: bytes,
    places: st.SearchStrategy[int],
    keep: int,
    election: Election,
) -> None:
    content = bytearray(sound)
    for place, value in data.draw(
        st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)
    ):
        content[place] = value
    readings = read(bytes(content[:keep]), election, SMALL)
    assert readings
    for reading in readings:
        assert reading.outcome is not Outcome.READ or reading.payload == TEXT
        assert reading.outcome is Outcome.READ or reading.failure


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    magic=st.sampled_from(
        [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0+", b"%PDF-", b""]
    ),
    rest=st.binary(max_size=200),
)
def test_no_garbage_makes_reading_raise(venezuela: Election, magic: bytes, rest: bytes) -> None:
    readings = read(magic + rest, venezuela, SMALL)
    assert {reading.outcome for reading in readings} == {Outcome.FAILED}


def test_a_page_is_decoded_at_most_once_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    (opened,) = open_pages(encode(page(TEXT)), Limits())
    assert not isinstance(opened, Finding)
    first = opened.half, opened.full
    monkeypatch.setattr("pipeline.read.image._imdecode", None)
    assert opened.half is first[0]
    assert opened.full is first[1]
