"""Opens every page of the built site in Chromium: no error, no request to another host, nothing cut off."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from chromium import NEEDS_CHROMIUM
from documents import REPOSITORY

SITE = REPOSITORY / "build" / "docs" / "site"
pytestmark = [
    *NEEDS_CHROMIUM,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (SITE / "index.html").exists(), reason="python docs/build_site.py has not been run"
    ),
]

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def complaints() -> list[str]:
    return []


def opened(browser: Any, complaints: list[str], size: dict[str, int], colors: str) -> Any:
    """Return a tab that adds all that goes wrong to the complaints."""
    page = browser.new_page(viewport=size, color_scheme=colors)
    page.set_default_timeout(60_000)
    page.on("console", lambda message: complaints.append(f"{page.url}: {message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))

    def fail(request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # the tab has gone on to the next page
            complaints.append(f"{page.url}: no {request.url}: {request.failure}")

    def note(request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:", "about:")):
            complaints.append(f"{page.url}: asks {request.url}")

    page.on("request", note)
    page.on("requestfailed", fail)
    return page


def too_wide(page: Any, size: dict[str, int]) -> list[str]:
    width = page.evaluate("document.documentElement.scrollWidth")
    return [f"{page.url}: {width} pixels wide at {size['width']}"] if width > size["width"] else []


def test_every_page_opens_without_complaint_and_fits_a_phone(browser: Any, complaints: list[str]) -> None:
    files = sorted(SITE.rglob("*.html"))
    assert len(files) > 150
    page = opened(browser, complaints, PHONE, "dark")
    index = "var __index = {config: {lang: ['en'], separator: ' '}, items: []}"  # a megabyte for each page
    page.route("**/search.js", lambda route: route.fulfill(body=index, content_type="text/javascript"))
    for file in files:
        page.goto(file.as_uri())
        complaints += too_wide(page, PHONE)
    assert complaints == []


@pytest.mark.parametrize("name", ["index", "experiments", "results", "reference/api/alseg.contracts"])
def test_pages_with_wide_tables_fit_a_desktop(browser: Any, complaints: list[str], name: str) -> None:
    page = opened(browser, complaints, DESKTOP, "light")
    page.goto((SITE / f"{name}.html").as_uri())
    assert too_wide(page, DESKTOP) + complaints == []


@pytest.mark.parametrize("name", ["data", "methods/index"])
def test_tables_of_many_columns_are_whole_on_a_desktop(
    browser: Any, complaints: list[str], name: str
) -> None:
    page = opened(browser, complaints, DESKTOP, "light")
    page.goto((SITE / f"{name}.html").as_uri())
    page.locator(".md-typeset__scrollwrap").first.wait_for()
    wraps = "[...document.querySelectorAll('.md-typeset__scrollwrap')]"
    assert page.evaluate(f"{wraps}.map(wrap => wrap.scrollWidth - wrap.clientWidth).filter(d => d > 0)") == []


def test_formulas_are_drawn_by_the_browser_alone(browser: Any, complaints: list[str]) -> None:
    page = browser.new_context(java_script_enabled=False, viewport=PHONE).new_page()
    page.goto((SITE / "methods" / "ripu.html").as_uri())
    block, in_line = page.locator(".formula math"), page.locator("p math")
    assert (block.count(), in_line.count()) == (1, 3)
    # A fraction and the limits of a sum make it higher than two lines of text.
    assert block.bounding_box()["height"] > 2 * in_line.first.bounding_box()["height"]
    assert "\\" not in page.locator("article").inner_text()


def test_the_search_finds_a_page_and_leads_to_it(browser: Any, complaints: list[str]) -> None:
    page = opened(browser, complaints, DESKTOP, "light")
    page.goto((SITE / "index.html").as_uri())
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Search").last.fill("mean-teacher")
    page.locator("a[href*='plugins/recipes/mean-teacher.html']").first.wait_for()
    assert complaints == []


@pytest.mark.parametrize(("colors", "is_light"), [("light", True), ("dark", False)])
def test_colours_are_those_of_the_system(
    browser: Any, complaints: list[str], colors: str, is_light: bool
) -> None:
    page = opened(browser, complaints, DESKTOP, colors)
    page.goto((SITE / "index.html").as_uri())
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is is_light


class Pages(SimpleHTTPRequestHandler):
    """Answers as GitHub Pages does: the site's 404.html wherever there is nothing."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        page = (SITE / "404.html").read_bytes()
        self.send_response(code, message)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of the site in a folder of a host, such as that of a project on GitHub Pages."""
    (tmp_path / "project").symlink_to(SITE, target_is_directory=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, directory=str(tmp_path)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/project"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("missing", ["gone.html", "tutorials/gone.html", "no/such/folder/"])
def test_an_address_without_page_leads_on_into_a_site_in_a_folder(
    browser: Any, address: str, missing: str
) -> None:
    page = browser.new_page()
    answer = page.goto(f"{address}/{missing}", wait_until="networkidle")
    assert answer.status == 404
    assert page.get_by_role("heading").inner_text() == "There is no such page"
    links = page.evaluate("[...document.links].map(link => link.href)")
    assert len(links) > 5
    assert [link for link in links if page.request.get(link).status != 200] == []
    page.get_by_text("Get started").click()
    assert page.url == f"{address}/index.html"


def test_the_page_for_missing_pages_is_whole_as_a_file_and_on_a_phone(
    browser: Any, complaints: list[str]
) -> None:
    page = opened(browser, complaints, PHONE, "dark")
    page.goto((SITE / "404.html").as_uri())
    page.get_by_text("Concepts").click()
    assert page.url == (SITE / "concepts.html").as_uri()
    assert too_wide(page, PHONE) + complaints == []
