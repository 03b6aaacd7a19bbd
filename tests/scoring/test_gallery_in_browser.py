"""What a gallery does in a browser: it draws on, keeps the focus, prints, and says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from aesthkeras.scoring import gallery
from aesthkeras.scoring.gallery import write_gallery
from aesthkeras.scoring.rows import Row
from tests.scoring.gallery_pages import Page, about, row


@pytest.fixture
def few(tmp_path) -> Path:
    """A gallery of two photos."""
    write_gallery(tmp_path / "gallery.html", [row(1), row(2)], about(2))
    return tmp_path / "gallery.html"


@pytest.fixture
def three_hundred(tmp_path) -> Path:
    """A gallery of 300 photos, all inside the page."""
    write_gallery(tmp_path / "gallery.html", [row(number) for number in range(300)], about(300))
    return tmp_path / "gallery.html"


@pytest.fixture
def many(tmp_path, monkeypatch) -> Path:
    """A gallery of 250 photos with its pictures beside it, the last of which could not be read."""
    monkeypatch.setattr(gallery, "EMBEDDED", 10)
    rows = [*(row(number) for number in range(249)), Row("photos/text.jpg", error="not a JPEG")]
    write_gallery(tmp_path / "all photos.html", rows, about(250, 1))
    return tmp_path / "all photos.html"


def test_in_another_order_it_draws_on_while_the_end_is_in_sight(browser, three_hundred):
    page = Page(browser, three_hundred, window=(1500, 6000))  # the end of 60 photos stays in sight
    page.until("drawn > 60")
    page.select("#order", "worst")
    page.until("drawn > 120")


def test_the_focus_goes_to_the_photo_seen_last(browser, three_hundred):
    page = Page(browser, three_hundred)
    page.click(".card:nth-child(2)")
    page.until("of('dialog').open")
    drawn = page.says("drawn")
    page.says("(async () => { for (let step = 0; step < drawn + 20; step++) await show(open + 1); })()")
    page.press("ESCAPE")
    assert page.focus() == f"{drawn + 21}.jpg"


def test_the_heat_map_can_be_switched_beside_the_large_photo(browser, few):
    page = Page(browser, few)

    def shown() -> set[bool]:
        parts = ["...document.querySelectorAll('.switch')].map(tick => tick.checked"]
        parts += ["...document.querySelectorAll('.legend')].map(legend => !legend.hidden"]
        heat = "getComputedStyle(document.querySelector('.heat')).display === 'block'"
        return set(page.says(f"[{heat}, ...[{parts[0]}), ...[{parts[1]})]"))

    page.until("document.querySelector('.heat')")
    assert shown() == {False}
    page.click(".card")
    page.until("of('dialog').open")
    page.click("#dialog .switch")
    assert shown() == {True}
    page.press("h")
    assert shown() == {False}
    page.press("ESCAPE")
    page.click("form .switch")
    assert shown() == {True}


PRINTED = """(async () => {
  const whole = () => document.querySelectorAll(".card.whole").length;
  const before = whole();
  dispatchEvent(new Event("beforeprint"));
  const said = of("printed").textContent;
  await new Promise(done => setTimeout(done, 200));
  return [before, said, whole(), of("printed").textContent];
})()"""


def test_a_print_holds_all_photos_that_are_inside_the_page(browser, three_hundred):
    page = Page(browser, three_hundred)
    page.until("document.querySelector('.card.whole')")
    before, _, printed, words = page.says(PRINTED)
    assert before < 300
    assert (printed, words) == (300, "")


def test_a_print_says_how_many_photos_are_missing(browser, many):
    page = Page(browser, many)
    page.until("document.querySelector('.card.whole')")
    printed, words, *_ = page.says(PRINTED)
    assert 0 < printed < 250
    missing = f"Printed are {printed} of 250 photos: the other {250 - printed} were not loaded."
    assert words == f"{missing} Scroll to the end of the page, then print."


def test_a_page_away_from_its_folder_says_so(browser, many):
    unreadable = "Could not be read: not a JPEG"

    def seen() -> list:
        page = Page(browser, many)
        page.says("(async () => { while (drawn < found.length) await drawMore(); })()")
        refused = "[...document.querySelectorAll('.refused')].map(text => text.textContent)"
        return page.says(f"[of('notice').hidden, of('notice').textContent, drawn, {refused}]")

    assert seen() == [True, "", 250, [unreadable]]
    side = many.with_name("all photos_files")
    (side / "1.js").rename(side / "other.js")
    hidden, words, drawn, refused = seen()
    assert (
        not hidden
        and "1 file of the folder all photos_files/ beside this page is missing or damaged: 1.js" in words
    )
    assert drawn == 250
    assert refused == [*["No picture: all photos_files/1.js is missing"] * 100, unreadable]
    side.rename(many.with_name("elsewhere"))
    hidden, words, drawn, _ = seen()
    assert not hidden and drawn == 0
    assert words.startswith("The folder all photos_files/, which belongs beside this page")
    assert "0 of 250 photos found" in words


def test_a_file_that_the_browser_cannot_show_is_said_to_be_a_thumbnail(browser, few):
    page = Page(browser, few)
    page.click(".card")
    page.until("document.querySelector('#dialog .wrong') && !document.querySelector('#dialog .wrong').hidden")
    assert page.says("document.querySelector('#dialog .wrong').textContent").startswith(
        "This is its thumbnail"
    )
