"""A browser's tab that remembers what it was told and what it asked for, and ways to wait in it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
marks = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine"),
]
FAULTS = ("serious", "critical")


@contextmanager
def opened_browser() -> Iterator[Any]:
    """The machine's own Chromium, headless."""
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield opened
        opened.close()


def until(page: Any, condition: str, arg: Any = None) -> None:
    """Wait for a condition; asked anew each time, since the site's policy forbids a page's eval."""
    ends = time.monotonic() + 10
    while not holds(page, condition, arg):
        assert time.monotonic() < ends, condition
        page.wait_for_timeout(20)


def holds(page: Any, condition: str, arg: Any) -> bool:
    try:
        return bool(page.evaluate(condition, arg))
    except playwright.Error:  # asked while the page changed for another
        return False


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
            self.page.wait_for_selector("#centre .scroll, #centre .facts")
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


def assert_open_to_all(browser: Any, site: Path, path: str, width: int, scheme: str) -> None:
    """The page is no wider than the window, and no rule of accessibility is seriously broken."""
    tab = Visit(browser, site, width, scheme)
    page = tab.open(path)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # Preloading would fetch the style sheet, which the page's policy rightly forbids.
    found = axe.Axe().run(page, options={"preload": False}).response["violations"]
    assert [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in FAULTS] == []
    tab.close()
