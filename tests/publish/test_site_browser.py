"""The site in a real browser, opened from the disk: it works, keeps to its folder, can be heard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.publish.test_site import make_election, make_scans, publish
from tests.publish.visit import Visit, assert_open_to_all, marks, opened_browser, until

pytestmark = marks
PAGES = (
    "index.html", "problems.html", "methods.html", "places/01.html", "centre.html#0101",
    "centre.html#0101.01", "es/index.html", "es/places/02.html", "es/centre.html#0201.01",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    election = make_election(folder / "election")
    return publish(folder / "site", election, make_scans(election)).parent


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as opened:
        yield opened


@pytest.fixture
def visit(browser: Any, site: Path) -> Iterator[Visit]:
    tab = Visit(browser, site)
    yield tab
    tab.close()


def test_one_goes_from_the_nation_to_a_mesa_by_keyboard(visit: Visit) -> None:
    page = visit.open("index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for link, heading in (
        ("North <script>", "North <script>"),
        ("School", "School 0101"),
    ):
        page.locator("main table a", has_text=link).first.focus()
        page.keyboard.press("Enter")
        until(page, "t => document.querySelector('h1').textContent === t", arg=heading)
    page.locator("#centre table a", has_text="Mesa 1").focus()
    page.keyboard.press("Enter")
    until(page, "document.querySelector('h1').textContent.includes('0101.01')")
    assert page.evaluate("document.activeElement.id") == "centre-title"
    shown = page.inner_text("main")
    for part in ("0101.01!300,700,20,200!3!1", "a.jpg", "proven", "content-duplicate", "500"):
        assert part in shown, part
    rows = page.locator("#centre table tbody tr").all_inner_texts()
    assert [row.split("\t") for row in rows[:2]] == [
        ["BERTA\ufffdBOSCH", "700", "57.38%"],
        ['ANA <ALBA> & "CO"', "500", "40.98%"],
    ]
    page.go_back()
    until(page, "!document.querySelector('h1').textContent.includes('0101.01')")


def test_sheets_that_disagree_stand_side_by_side(visit: Visit) -> None:
    page = visit.open("centre.html#0201.01")
    rows = page.locator("#centre table tbody tr").all_inner_texts()
    assert ['ANA <ALBA> & "CO"', "≠ 5", "≠ 6"] in [row.split("\t") for row in rows]
    assert "sheets-disagree" in page.inner_text("main")


def test_what_does_not_exist_is_said_as_text(visit: Visit) -> None:
    page = visit.open("centre.html")
    page.evaluate("location.hash = '<img src=x>'")
    until(page, "document.querySelector('h1').textContent.includes('<img src=x>')")
    assert page.locator("main img").count() == 0


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ("0101", "School"),
        ("0101.01", "School"),
        ("scho", "School"),
        ("town ha", "Town hall"),
        ("SOUTH", "South"),
    ],
)
def test_the_search_finds_codes_and_names_at_once(visit: Visit, query: str, hit: str) -> None:
    page = visit.open("places/01.html")
    page.fill("#query", query)
    until(page, "q => document.getElementById('search').dataset.query === q", arg=query)
    assert page.locator("#hits a").all_inner_texts() == [hit]
    assert float(page.get_attribute("#search", "data-milliseconds") or "inf") < 100
    page.keyboard.press("Enter")
    until(page, "t => document.querySelector('h1').textContent.startsWith(t)", arg=hit)


def test_a_search_without_an_answer_says_so(visit: Visit) -> None:
    page = visit.open("es/index.html")
    page.fill("#query", "zzz")
    until(page, "document.getElementById('search').dataset.query === 'zzz'")
    assert page.inner_text("#search-status") == "No se encontró nada."


def test_the_other_language_shows_the_same_mesa(visit: Visit) -> None:
    page = visit.open("centre.html#0101.01")
    page.click("#other")
    until(page, "document.documentElement.lang === 'es'")
    page.wait_for_selector("#centre .scroll")
    shown = page.inner_text("main")
    assert "Lo que dice su acta" in shown
    assert "57,38%" in shown
    assert "0101.01" in page.inner_text("h1")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "light")])
def test_no_page_is_wider_than_the_window_or_shuts_anybody_out(
    browser: Any, site: Path, path: str, width: int, scheme: str
) -> None:
    assert_open_to_all(browser, site, path, width, scheme)


def test_the_first_view_is_small(site: Path) -> None:
    first = ("index.html", "assets/site.css", "assets/site.js", "assets/en.js")
    assert sum((site / name).stat().st_size for name in first) < 200_000
