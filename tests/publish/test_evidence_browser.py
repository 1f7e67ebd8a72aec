"""The images of the sheets in a real browser: shown late, marked, or their absence explained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.count.resolve import Scan
from pipeline.election import Election
from pipeline.publish.evidence.album import LIST, Entry, Evidence, line_of, open_album, write_image
from pipeline.publish.evidence.show import show
from pipeline.publish.site.pages import Beside
from pipeline.publish.site.write import write_site
from tests.invent import venezuelan
from tests.publish.test_site import count, scan
from tests.publish.visit import Visit, assert_open_to_all, marks, opened_browser, until
from tests.read.printed import invented

pytestmark = marks
SHAS = ("11" * 32, "22" * 32, "33" * 32, "44" * 32)
CENTRE = "240111020"
SHOWN, WITHHELD, RIVALS = f"{CENTRE}.01", f"{CENTRE}.02", f"{CENTRE}.03"
PAGES = tuple(
    f"{folder}centre.html#{mesa}" for folder in ("", "es/") for mesa in (SHOWN, WITHHELD, RIVALS)
)
SYMBOL = 1
ROWS = 48


def _scans(election: Election) -> list[Scan]:
    """A counted sheet, one that is withheld, and two that disagree."""
    texts = (
        venezuelan(mesa=1), venezuelan(mesa=2), venezuelan(mesa=3), venezuelan(mesa=3, first=7),
    )  # fmt: skip
    return [
        scan(f"{number}.jpg", election, text, sha256=sha256)
        for number, (sha256, text) in enumerate(zip(SHAS, texts, strict=True), start=1)
    ]


@pytest.fixture(scope="module")
def site(venezuela: Election, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence")
    sheet = invented.draw(venezuela, invented.content(venezuela))
    shown = show(invented.as_page(sheet.image), venezuela.rules)
    lines = [line_of(Entry(SHAS[1], 1, "1", withheld="block"))]
    for sha256 in (SHAS[0], SHAS[2], SHAS[3]):
        write_image(folder / "evidence", (sha256, 1), shown)
        entry = Entry(sha256, 1, "1", shown.width, shown.height, len(shown.image))
        lines.append(line_of(entry))
    (folder / "evidence" / LIST).write_bytes(b"".join(lines))
    album = open_album(folder / "evidence")
    assert album is not None
    resolution, totals, summary = count(venezuela, _scans(venezuela))
    beside = Beside(Evidence.gather(album, resolution), "ab" * 32)
    return write_site(folder / "site", venezuela, resolution, totals, summary, beside).parent


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as opened:
        yield opened


@pytest.fixture
def visit(browser: Any, site: Path) -> Iterator[Visit]:
    tab = Visit(browser, site)
    yield tab
    tab.close()


def test_the_image_is_described_and_every_row_marked(visit: Visit) -> None:
    page = visit.open(f"centre.html#{SHOWN}")
    image = page.locator("figure.sheet img")
    assert image.get_attribute("loading") == "lazy"
    assert SHOWN in image.get_attribute("alt")
    image.scroll_into_view_if_needed()
    until(page, "document.querySelector('figure.sheet img').naturalHeight > 4000")
    width, height = (int(image.get_attribute(side)) for side in ("width", "height"))
    natural = page.evaluate(
        "(i => [i.naturalWidth, i.naturalHeight])(document.querySelector('.sheet img'))"
    )
    assert natural == [width, height]
    until(page, f"document.querySelectorAll('.sheet .mark').length === {ROWS + SYMBOL}")
    titles = page.locator(".sheet .mark title").all_text_contents()
    assert titles[:4] == ["Voters by the machine", "Voters by the book", "PSUV: 149", "PCV: 1"]
    assert titles[-1] == "QR symbol"
    # The marks lie on the image, wherever the page has put it.
    frame = image.bounding_box()
    mark = page.locator(".sheet .mark").nth(2).bounding_box()
    assert frame["x"] < mark["x"] < mark["x"] + mark["width"] < frame["x"] + frame["width"]
    assert 0.1 < (mark["y"] - frame["y"]) / frame["height"] < 0.3


def test_a_number_leads_to_its_row_by_keyboard(visit: Visit) -> None:
    page = visit.open(f"centre.html#{SHOWN}")
    button = page.locator("#centre tbody tr", has_text="PSUV").locator("button")
    assert button.get_attribute("aria-label") == "149: show this row in the image"
    button.focus()
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('.mark.sought').length === 1")
    assert page.locator(".mark.sought title").text_content() == "PSUV: 149"
    until(
        page,
        "(r => r.top > 0 && r.bottom < innerHeight)"
        "(document.querySelector('.mark.sought').getBoundingClientRect())",
    )
    box = page.get_by_label("Show the marks")
    box.focus()
    page.keyboard.press("Space")
    assert page.locator(".sheet .mark").first.is_hidden()
    page.keyboard.press("Space")
    assert page.locator(".sheet .mark").first.is_visible()


def test_on_a_phone_the_image_is_asked_for_when_one_goes_there(browser: Any, site: Path) -> None:
    tab = Visit(browser, site, 390)
    page = tab.open(f"es/centre.html#{SHOWN}")
    page.wait_for_timeout(300)
    assert not [url for url in tab.asked if "/evidence/" in url]
    page.get_by_role("button", name="Imagen del acta").press("Enter")
    assert page.evaluate("document.activeElement.id") == "images"
    until(page, "document.querySelector('.sheet img').naturalHeight > 4000")
    assert page.locator(".sheet img").bounding_box()["width"] > 350  # as wide as the window
    tab.close()


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("", "The image is withheld: The members' boxes were not found for sure"),
        ("es/", "La imagen se retiene: Las casillas de los miembros no se encontraron"),
    ],
)
def test_why_an_image_is_withheld_is_said(visit: Visit, folder: str, words: str) -> None:
    page = visit.open(f"{folder}centre.html#{WITHHELD}")
    assert words in page.inner_text("#centre .withheld")
    assert page.locator("#centre img").count() == 0
    assert page.locator("#centre tbody button").count() == 0


def test_sheets_that_disagree_are_both_shown(visit: Visit) -> None:
    page = visit.open(f"centre.html#{RIVALS}")
    assert page.locator("figure.sheet").count() == 2
    names = page.locator("figure.sheet figcaption").all_text_contents()
    assert names == ["File: 3.jpg", "File: 4.jpg"]
    differing = page.locator("#centre tr", has=page.locator(".differs")).all_inner_texts()
    assert [row.split("\t") for row in differing] == [
        ["NICOLAS MADURO", "≠ 161", "≠ 19"], ["PSUV", "≠ 149", "≠ 7"],
    ]  # fmt: skip


def test_what_is_shown_and_withheld_is_counted(visit: Visit) -> None:
    page = visit.open("problems.html")
    rows = page.locator("#images tbody tr").all_inner_texts()
    assert [row.split("\t")[1] for row in rows] == ["3", "1"]
    page.get_by_role("link", name=RIVALS).first.press("Enter")
    until(page, "document.querySelector('h1').textContent.includes('Mesa 3')")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_no_image_makes_a_page_wider_or_shuts_anybody_out(
    browser: Any, site: Path, path: str, width: int, scheme: str
) -> None:
    assert_open_to_all(browser, site, path, width, scheme)


def test_the_data_of_the_open_data_is_on_the_front_page(visit: Visit) -> None:
    page = visit.open("index.html")
    shown = page.inner_text("#open-data")
    assert "python3 open-data/verify.py" in shown
    assert "ab" * 32 in shown
