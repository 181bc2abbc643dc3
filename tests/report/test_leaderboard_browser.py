"""Opens the leaderboard in Chromium and uses it as a reader would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chromium import NEEDS_CHROMIUM
from fakepacks import alseg, make, write_counted

pytestmark = NEEDS_CHROMIUM

LONG = "Donaudampfschifffahrtsgesellschaftskapitaen_without_any_space_at_all"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds of three methods by somebody with an unpleasant name, and a reference."""
    folder = tmp_path_factory.mktemp("board")
    for seed in (0, 1):
        write_counted(folder / "toy", "Random", seed, acquisition="random", quality=seed)
        write_counted(folder / "toy", "Mine", seed, acquisition="mine", quality=1 + seed)
        write_counted(folder / "toy", LONG, seed, acquisition="other", quality=2 * seed)
        write_counted(folder / "toy", "Source only", seed, target_labels="none")
    pack = make(
        folder / "toy.zip", folder / "toy", "--by", HOSTILE, "--link", "https://example.org/mine",
        "--contact", LONG,
    )  # fmt: skip
    alseg("report", "--leaderboard", pack, "-o", folder / "board.html")
    return folder / "board.html"


def visit(browser: Any, page: Path, width: int, scheme: str, complaints: list[str]) -> Any:
    """Return the page, which tells of everything that it should not do."""
    opened = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    opened.set_default_timeout(60_000)
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("dialog", lambda dialog: complaints.append(dialog.message))
    opened.on(
        "request",
        lambda request: request.url.startswith(("file:", "data:")) or complaints.append(request.url),
    )
    opened.goto(page.as_uri())
    return opened


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_a_reader_sorts_and_opens_a_method(browser: Any, page: Path, width: int, scheme: str) -> None:
    complaints: list[str] = []
    opened = visit(browser, page, width, scheme, complaints)
    methods = opened.locator("table tbody th button")
    # Mean right pixels: 8.5 - 1, 7.5 - 0 and 7 of 10; the reference stays below.
    assert methods.all_inner_texts() == ["Mine", LONG, "Random", "Source only"]
    opened.locator("thead button", has_text="mIoU").click()
    assert methods.all_inner_texts() == ["Random", LONG, "Mine", "Source only"]
    assert opened.locator("th[aria-sort=ascending]").inner_text().strip().startswith("mIoU")
    assert not opened.get_by_text("IoU of classes").first.is_visible()
    methods.first.focus()
    opened.keyboard.press("Enter")
    assert opened.get_by_text("IoU of classes").first.is_visible()
    assert (
        opened.get_by_role("link", name="example.org/mine").first.get_attribute("rel")
        == "noopener noreferrer"
    )
    assert HOSTILE in opened.locator("#parts").inner_text()
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
    assert opened.locator("img").count() == 0


def test_one_table_can_be_chosen(browser: Any, page: Path) -> None:
    opened = visit(browser, page, 1280, "light", [])
    assert opened.locator("#group option").count() == 2
    opened.locator("#group").select_option("0")
    assert opened.locator("section.group").first.is_visible()
    assert "1 contributor" in opened.locator("#summary").inner_text()
