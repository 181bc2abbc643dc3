"""Opens the report in Chromium and uses it as a reader would."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from alseg.cli import main
from alseg.report.content import Extras, report_content
from alseg.report.page import write_page
from alseg.storage.reader import load_results
from chromium import NEEDS_CHROMIUM
from comparing import compared, mean
from documents import REPOSITORY
from fakeruns import write_run

pytestmark = NEEDS_CHROMIUM

HOSTILE = "<script>alert(1)</script> a_b%&"
LONG = "Donaudampfschifffahrtsgesellschaftskapitaen_without_any_space_at_all"
DOTS = [
    f"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='{width}' height='200'/%3E"
    for width in (400, 401, 402)
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds of six methods with unpleasant names, in 19 classes, with a picture."""
    folder = tmp_path_factory.mktemp("report")
    results = folder / "toy"
    classes = [HOSTILE, LONG, *(f"class {number}" for number in range(17))]
    labels = ["Source only", "Random", HOSTILE, LONG, "RIPU (RA)", "Fully supervised"]
    kinds = {"Source only": "none", "Fully supervised": "all"}
    for order, label in enumerate(labels):
        for seed in (0, 1):
            write_run(
                results,
                label,
                seed,
                order=order,
                target_labels=kinds.get(label, "acquired"),
                acquisition="random" if label == "Random" else None,
                classes=classes,
                iou=[[20.0 + (1 + order) * number + seed * order] * 19 for number in range(4)],
                counts=np.ones((3, 19, 19), int),
            )
    found = load_results([results])
    name = found.runs[0].scenario
    output = folder / "report.html"
    write_page(report_content(found, extras=Extras(pictures={name: book()})), "toy", output)
    return output


def book() -> dict[str, Any]:
    """Return pictures as `alseg.report.pictures` makes them: two images, two rounds and the end."""
    score = {"caption": "score", "source": 2, "scale": ("-1.5", "1e+10")}
    views = [
        {
            "title": f"Round {number}",
            "groups": [
                {
                    "title": HOSTILE,
                    "images": [{"caption": f"picks of round {number}", "source": 1, "over": True}, score],
                    "note": "",
                },
                {"title": LONG, "images": [{**score, "caption": LONG}], "note": "No maps were kept."},
            ],
        }
        for number in (1, 2)
    ]
    end = {
        "title": "After the last round",
        "groups": [{"title": "Source only", "images": [score], "note": ""}],
    }
    images = [
        {"title": "image 1", "photograph": 0, "truth": 2, "views": [*views, end]},
        {"title": "image 2", "photograph": None, "truth": None, "views": [*views, end]},
    ]
    return {"images": images, "sources": DOTS, "scale": ["rgb(0,0,0)", "rgb(255,255,255)"], "note": HOSTILE}


class Visit:
    """A page, and whatever it did that it should not do."""

    def __init__(self, browser: Any, report: Path, width: int, scheme: str = "light") -> None:
        self.complaints: list[str] = []
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page = context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("console", lambda message: self._console(message))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        self.page.on("request", lambda request: self._request(request.url))
        self.page.goto(report.as_uri())
        self.page.wait_for_selector("#curves .main-svg")

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _request(self, url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:")):
            self.complaints.append(url)

    def lines(self) -> int:
        return int(self.page.locator("#curves .scatterlayer .trace").count())

    def first_methods(self, count: int) -> list[str]:
        return list(self.page.locator("#comparison tbody th").all_inner_texts())[:count]


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_the_page_is_quiet_and_never_wider_than_the_screen(
    browser: Any, report: Path, width: int, scheme: str
) -> None:
    visit = Visit(browser, report, width, scheme)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.complaints == []


@pytest.mark.parametrize("name", ["quickstart", "camvid"])
def test_the_report_of_the_published_results_is_made_by_one_command_and_can_be_used(
    browser: Any, tmp_path: Path, name: str
) -> None:
    output, folder = tmp_path / "report.html", REPOSITORY / "results" / "published" / name
    by_score = {row.label: mean(row) for row in compared(folder).rows}
    made = CliRunner().invoke(main, ["report", str(folder), "-o", str(output)])
    assert made.exit_code == 0, made.output
    worst, best = min(by_score, key=by_score.__getitem__), max(by_score, key=by_score.__getitem__)
    for width in (390, 1440):
        visit = Visit(browser, output, width)
        before = visit.lines()
        visit.page.get_by_role("checkbox", name="Entropy").uncheck()
        assert visit.lines() < before
        visit.page.get_by_label("Cost", exact=True).select_option(label="Clicks per image of the pool")
        visit.page.locator("#comparison thead").get_by_role("button", name="mIoU", exact=True).click()
        assert visit.first_methods(1)[0] in {worst, best}
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.complaints == []


def test_a_method_can_be_hidden_and_shown_again_by_keyboard(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, 1440)
    before = visit.lines()
    box = visit.page.get_by_role("checkbox", name="RIPU (RA)")
    box.focus()
    visit.page.keyboard.press("Space")
    assert visit.lines() == before - 2  # its line and its band
    assert visit.page.locator("#heatmap tbody tr").count() == 5
    visit.page.keyboard.press("Space")
    assert visit.lines() == before
    assert visit.complaints == []


def test_the_cost_axis_changes_chart_and_table(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, 1440)
    visit.page.get_by_label("Cost", exact=True).select_option(label="Clicks per image of the pool")
    assert visit.page.locator("#curves .xtitle").text_content() == "Clicks per image of the pool"
    # Three rounds of 100 clicks over 10 images.
    assert (
        visit.page.evaluate("Math.max(...document.getElementById('curves').data.flatMap((t) => t.x))") == 30
    )
    assert visit.complaints == []


def test_the_metric_changes_chart_and_table(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, 1440)
    visit.page.get_by_label("Metric").select_option(label="Accuracy")
    assert visit.page.locator("#curves .ytitle").text_content() == "Accuracy (%)"
    assert "Accuracy" in visit.page.locator("#comparison thead").inner_text()
    assert visit.complaints == []


def test_the_table_sorts_by_a_column_both_ways(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, 1440)
    assert visit.first_methods(2) == ["Source only", "Random"]
    visit.page.get_by_role("button", name="mIoU").click()
    assert visit.first_methods(2) == ["Fully supervised", "RIPU (RA)"]
    assert visit.page.locator("th[data-key=score]").get_attribute("aria-sort") == "descending"
    visit.page.keyboard.press("Enter")  # the button keeps the focus
    assert visit.first_methods(2) == ["Source only", "Random"]
    assert visit.complaints == []


def test_ranks_and_penalties_are_shown_with_several_seeds(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, 390)
    section = visit.page.locator("#standing-section")
    assert section.get_by_role("heading", level=3).all_text_contents() == [
        "Mean rank over 2 seeds of one scenario, mIoU, last round",
        "Penalty matrix, mIoU, all rounds",
    ]
    assert HOSTILE in section.locator("tbody th").all_text_contents()
    assert section.locator("td.best").count() >= 1
    assert visit.complaints == []


def test_names_are_text_and_nothing_else(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, 1440)
    assert HOSTILE in visit.page.locator("#comparison").inner_text()
    assert HOSTILE in visit.page.locator("#heatmap thead").inner_text()
    assert HOSTILE in visit.page.locator("#frequencies .yaxislayer-above").text_content()
    assert visit.complaints == []


@pytest.mark.parametrize("width", [390, 1440])
def test_a_picture_opens_and_closes(browser: Any, report: Path, width: int) -> None:
    visit = Visit(browser, report, width)
    visit.page.get_by_role("button", name="photograph").click()
    assert visit.page.locator("#viewer").is_visible()
    assert visit.page.locator("#viewer-text").inner_text() == "Image: photograph"
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.page.evaluate("document.getElementById('viewer').scrollWidth") <= width
    visit.page.keyboard.press("Escape")
    assert not visit.page.locator("#viewer").is_visible()
    assert visit.complaints == []


def test_picks_are_laid_over_the_photograph(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, 1440)
    picks = visit.page.get_by_role("button", name=f"{HOSTILE}: picks of round 2")
    assert [image.get_attribute("src") for image in picks.locator("img").all()] == [DOTS[0], DOTS[1]]
    under, over = (image.bounding_box() for image in picks.locator("img").all())
    assert under == over
    # Without a photograph there is nothing to lay them over.
    visit.page.get_by_label("Image", exact=True).select_option(label="image 2")
    assert [image.get_attribute("src") for image in picks.locator("img").all()] == [DOTS[1]]
    assert visit.complaints == []


def test_the_last_round_is_shown_first_and_others_can_be_chosen(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, 1440)
    pictures = visit.page.locator("#pictures")
    assert "picks of round 2" in pictures.inner_text()
    visit.page.get_by_label("Show", exact=True).select_option(label="Round 1")
    assert "picks of round 1" in pictures.inner_text()
    visit.page.get_by_label("Image", exact=True).select_option(label="image 2")
    assert "picks of round 1" in pictures.inner_text()  # the round stays with another image
    visit.page.get_by_label("Show", exact=True).select_option(label="After the last round")
    assert pictures.locator("h3").all_inner_texts() == ["Source only"]
    assert visit.complaints == []


def test_a_map_says_what_its_colours_mean(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, 390)
    score = visit.page.get_by_role("button", name=f"{HOSTILE}: score, -1.5 to 1e+10")
    caption = visit.page.locator("figure", has=score).locator("figcaption")
    assert caption.inner_text().split() == ["score", "-1.5", "1e+10"]
    assert "linear-gradient" in caption.locator("i").evaluate("(node) => node.style.background")
    assert visit.page.locator("#pictures-note").inner_text() == HOSTILE
    assert "No maps were kept." in visit.page.locator("#pictures").inner_text()
    assert "bought in this round" in visit.page.locator("#palette").inner_text()


def test_pictures_can_be_gone_through_by_keyboard(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, 1440)
    visit.page.get_by_role("button", name="ground truth").focus()
    visit.page.keyboard.press("Enter")
    texts = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        visit.page.keyboard.press(key)
        texts.append(visit.page.locator("#viewer-text").inner_text().splitlines()[0])
    picks, score = f"{HOSTILE}: picks of round 2", f"{HOSTILE}: score"
    assert texts == [picks, score, picks, "Image: ground truth", "Image: photograph"]
    visit.page.get_by_role("button", name="Next").click()
    assert visit.page.locator("#viewer-text").inner_text() == "Image: ground truth"
    visit.page.keyboard.press("Escape")
    assert visit.page.evaluate("document.activeElement.querySelector('img').alt") == "Image: ground truth"
    assert visit.complaints == []


def test_a_hidden_method_is_left_out_of_the_pictures(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, 1440)
    visit.page.get_by_role("checkbox", name=LONG).click()
    assert visit.page.locator("#pictures h3").all_inner_texts() == ["Image", HOSTILE]
    assert visit.complaints == []


def test_frequencies_have_room_for_every_class_on_a_phone(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, 390)
    labels = visit.page.locator("#frequencies .yaxislayer-above text")
    boxes = [label.bounding_box() for label in labels.all()]
    assert len(boxes) == 19
    tops = sorted(box["y"] for box in boxes)
    # 24 pixels a class: no two labels touch, and a long one is cut rather than pushing the chart away.
    assert min(below - above for above, below in pairwise(tops)) > max(box["height"] for box in boxes)
    assert max(box["width"] for box in boxes) < 130
    assert visit.page.locator("#frequency-numbers tbody tr").count() == 19


def test_the_page_can_be_dark_on_a_light_system(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, 1440)
    visit.page.get_by_label("Colours", exact=True).select_option("dark")
    assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 27)"
    assert visit.complaints == []
