"""Fixtures: a browser for the page, one for all tests, and a fresh context for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TIMEOUT_MS = 120_000
BROWSERS = ("chromium", "chromium-headless-shell", "google-chrome", "chromium-browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, until the tests of a file are over.

    Not of a session: Playwright's event loop goes on in the main thread, where `asyncio.run` refuses to begin another,
    and its switching of stacks upsets the interpreter's count of how deep it is (a SystemError of `compile` in 3.11).
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the extra dev")
    pytest.importorskip("vl_convert", reason="needs vl-convert-python, of the extra report")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"needs a browser: none of {', '.join(BROWSERS)} is on the path")
    # Chromium refuses its sandbox to root, who runs tests in containers.
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=arguments)
        yield started
        started.close()


def arrived(page: Any) -> Any:
    """The page once it shows what its address says: after a link that changes first, and the view after it."""
    page.wait_for_function("() => document.documentElement.dataset.view === location.hash")
    return page


class Watched:
    """A page of the browser, and what must stay empty: requests that leave, words on the console, errors, dialogs."""

    def __init__(self, page: Any, path: Path) -> None:
        self.page, self.path = page, path
        self.faults: list[str] = []
        page.on("console", lambda message: self.faults.append(f"console {message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("dialog", self._dismiss)
        page.on("request", self._look_at)

    def _dismiss(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _look_at(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.faults.append(f"request: {request.url}")

    def open(self, route: str = "") -> Any:
        self.page.goto(f"{self.path.as_uri()}{f'#/{route}' if route else ''}")
        self.page.wait_for_selector("html[data-ready]", timeout=TIMEOUT_MS)
        return self.page

    def go(self, route: str) -> Any:
        """To another view of the same page, as a link does."""
        self.page.evaluate("route => { location.hash = `#/${route}`; }", route)
        return arrived(self.page)

    def draw_all(self) -> None:
        """Have every chart of the view drawn, as scrolling does."""
        self.page.evaluate(
            """async () => {
                for (const plot of document.querySelectorAll("#panel .plot")) await plot.chart.draw();
            }"""
        )


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    """Opens HTML from a file; afterwards nothing may have gone wrong in it."""
    contexts: list[Any] = []
    opened: list[Watched] = []

    def watched(html: str, **options: Any) -> Watched:
        path = tmp_path / f"report-{len(opened)}.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        opened.append(Watched(context.new_page(), path))
        return opened[-1]

    yield watched
    for context in contexts:
        context.close()
    faults = [fault for page in opened for fault in page.faults]
    assert not faults, faults
