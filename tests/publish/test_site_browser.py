"""The site in a real browser, opened from the disk: it works, keeps to its folder, can be heard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.publish.test_site import make_election, make_scans, publish

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine"),
]
PAGES = (
    "index.html", "problems.html", "methods.html", "places/01.html", "centre.html#0101",
    "centre.html#0101.01", "es/index.html", "es/places/02.html", "es/centre.html#0201.01",
)  # fmt: skip
FAULTS = ("serious", "critical")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    election = make_election(folder / "election")
    return publish(folder / "site", election, make_scans(election)).parent


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield opened
        opened.close()


class Visit:
    """A tab that remembers what it was told and what it asked for."""

    def __init__(self, browser: Any, site: Path, width: int = 1280, dark: str = "light"):
        self.site = site
        self.said: list[str] = []
        self.asked: list[str] = []
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=dark)
        self.page = context.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, path: str) -> Any:
        self.page.goto("about:blank")  # or a change of the part behind # would not load it
        self.page.goto(f"{self.site.as_uri()}/{path}")
        self.page.wait_for_selector("#search:not([hidden])")
        if "#" in path:
            self.page.wait_for_selector("#centre .scroll")
        return self.page

    def close(self) -> None:
        """Nothing was said on the console, nothing asked for outside the folder."""
        assert self.said == []
        assert self.asked
        for url in self.asked:
            parts = urlsplit(url)
            inside = parts.scheme == "file" and Path(unquote(parts.path)).is_relative_to(self.site)
            assert inside or parts.scheme in ("data", "about"), url
        self.page.context.close()


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
        page.wait_for_function("t => document.querySelector('h1').textContent === t", arg=heading)
    page.locator("#centre table a", has_text="Mesa 1").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('h1').textContent.includes('0101.01')")
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
    page.wait_for_function("!document.querySelector('h1').textContent.includes('0101.01')")


def test_sheets_that_disagree_stand_side_by_side(visit: Visit) -> None:
    page = visit.open("centre.html#0201.01")
    rows = page.locator("#centre table tbody tr").all_inner_texts()
    assert ['ANA <ALBA> & "CO"', "5", "6"] in [row.split("\t") for row in rows]
    assert "sheets-disagree" in page.inner_text("main")


def test_what_does_not_exist_is_said_as_text(visit: Visit) -> None:
    page = visit.open("centre.html")
    page.evaluate("location.hash = '<img src=x>'")
    page.wait_for_function("document.querySelector('h1').textContent.includes('<img src=x>')")
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
    page.wait_for_function("q => document.getElementById('search').dataset.query === q", arg=query)
    assert page.locator("#hits a").all_inner_texts() == [hit]
    assert float(page.get_attribute("#search", "data-milliseconds") or "inf") < 100
    page.keyboard.press("Enter")
    page.wait_for_function("t => document.querySelector('h1').textContent.startsWith(t)", arg=hit)


def test_a_search_without_an_answer_says_so(visit: Visit) -> None:
    page = visit.open("es/index.html")
    page.fill("#query", "zzz")
    page.wait_for_function("document.getElementById('search').dataset.query === 'zzz'")
    assert page.inner_text("#search-status") == "No se encontró nada."


def test_the_other_language_shows_the_same_mesa(visit: Visit) -> None:
    page = visit.open("centre.html#0101.01")
    page.click("#other")
    page.wait_for_function("document.documentElement.lang === 'es'")
    page.wait_for_selector("#centre .scroll")
    shown = page.inner_text("main")
    assert "Lo que dice su acta" in shown
    assert "57,38%" in shown
    assert "0101.01" in page.inner_text("h1")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_no_page_is_wider_than_the_window_or_shuts_anybody_out(
    browser: Any, site: Path, path: str, width: int, scheme: str
) -> None:
    tab = Visit(browser, site, width, scheme)
    page = tab.open(path)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # Preloading would fetch the style sheet, which the page's policy rightly forbids.
    found = axe.Axe().run(page, options={"preload": False}).response["violations"]
    assert [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in FAULTS] == []
    tab.close()


def test_the_first_view_is_small(site: Path) -> None:
    first = ("index.html", "assets/site.css", "assets/site.js", "assets/en.js")
    assert sum((site / name).stat().st_size for name in first) < 200_000
