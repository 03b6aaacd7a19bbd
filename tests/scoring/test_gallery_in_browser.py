"""What a gallery does in a browser: it draws on, keeps the focus, prints, and says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from aesthkeras.scoring import gallery
from aesthkeras.scoring.gallery import write_gallery
from aesthkeras.scoring.rows import Row
from tests.scoring.gallery_pages import about, answer_of, needs_chromium, row


@pytest.fixture
def few(tmp_path) -> Path:
    """A gallery of two photos."""
    write_gallery(tmp_path / "gallery.html", [row(1), row(2)], about(2))
    return tmp_path / "gallery.html"


@pytest.fixture
def many(tmp_path, monkeypatch) -> Path:
    """A gallery of 250 photos with its pictures beside it, the last of which could not be read."""
    monkeypatch.setattr(gallery, "EMBEDDED", 10)
    rows = [*(row(number) for number in range(249)), Row("photos/text.jpg", error="not a JPEG")]
    write_gallery(tmp_path / "all photos.html", rows, about(250, 1))
    return tmp_path / "all photos.html"


@needs_chromium
def test_in_another_order_it_draws_on_while_the_end_is_in_sight(tmp_path):
    write_gallery(tmp_path / "gallery.html", [row(number) for number in range(300)], about(300))
    said = answer_of(
        tmp_path / "gallery.html",
        """await pause(900);
        of("order").value = "worst";
        of("order").dispatchEvent(new Event("input"));
        await until(() => cards().length > 120);
        return cards().length > 120;""",
        window="1500,6000",  # at which the end of 60 photos stays in sight
    )
    assert said


@needs_chromium
def test_the_focus_goes_to_the_photo_seen_last(tmp_path):
    write_gallery(tmp_path / "gallery.html", [row(number) for number in range(300)], about(300))
    said = answer_of(
        tmp_path / "gallery.html",
        """cards()[1].focus();
        cards()[1].click();
        await pause(50);
        const drawn = cards().length, steps = drawn + 20;
        for (let step = 0; step < steps; step++) { of("after").click(); await pause(1); }
        of("dialog").close();
        await until(() => document.activeElement !== cards()[1]);
        return [cards().indexOf(document.activeElement) - steps, label(document.activeElement), drawn];""",
    )
    place, name, drawn = said
    assert (place, name) == (1, f"{drawn + 21}.jpg")


@needs_chromium
def test_the_heat_map_can_be_switched_beside_the_large_photo(few):
    said = answer_of(
        few,
        """const one = document.querySelector("form .switch");
        const other = document.querySelector("dialog .switch");
        const state = () => [one.checked, other.checked, document.body.classList.contains("hot"),
          ...[...document.querySelectorAll(".legend")].map(legend => !legend.hidden)];
        const states = [state()];
        cards()[0].click();
        await pause(50);
        for (const tick of [other, other, one]) { tick.click(); states.push(state()); }
        return states;""",
    )
    assert said == [[False] * 5, [True] * 5, [False] * 5, [True] * 5]


PRINTS = """await until(() => document.querySelector(".card.whole"));
  const whole = () => document.querySelectorAll(".card.whole").length;
  const before = whole();
  dispatchEvent(new Event("beforeprint"));
  const said = of("printed").textContent;
  await pause(200);
  return [before, said, whole(), of("printed").textContent];"""


@needs_chromium
def test_a_print_holds_all_photos_that_are_inside_the_page(tmp_path):
    write_gallery(tmp_path / "gallery.html", [row(number) for number in range(300)], about(300))
    before, _, printed, words = answer_of(tmp_path / "gallery.html", PRINTS)
    assert before < 300
    assert (printed, words) == (300, "")


@needs_chromium
def test_a_print_says_how_many_photos_are_missing(many):
    printed, words, *_ = answer_of(many, PRINTS)
    assert 0 < printed < 250
    missing = f"Printed are {printed} of 250 photos: the other {250 - printed} were not loaded."
    assert words == f"{missing} Scroll to the end of the page, then print."


NOTICES = """for (let step = 0; step < 5; step++) { drawMore(); await pause(50); }
  await pause(300);
  const refused = [...document.querySelectorAll(".refused")].map(text => text.textContent);
  return [of("notice").hidden, of("notice").textContent, cards().length, refused];"""


@needs_chromium
def test_a_page_away_from_its_folder_says_so(many):
    unreadable = "Could not be read: not a JPEG"
    assert answer_of(many, NOTICES) == [True, "", 250, [unreadable]]
    side = many.with_name("all photos_files")
    (side / "1.js").rename(side / "other.js")
    hidden, words, drawn, refused = answer_of(many, NOTICES)
    assert (
        not hidden
        and "1 file of the folder all photos_files/ beside this page is missing or damaged: 1.js" in words
    )
    assert drawn == 250
    assert refused == [*["No picture: all photos_files/1.js is missing"] * 100, unreadable]
    side.rename(many.with_name("elsewhere"))
    hidden, words, drawn, _ = answer_of(many, NOTICES)
    assert not hidden and drawn == 0
    assert words.startswith("The folder all photos_files/, which belongs beside this page")
    assert "0 of 250 photos found" in words


@needs_chromium
def test_a_file_that_the_browser_cannot_show_is_said_to_be_a_thumbnail(few):
    said = answer_of(
        few,
        """cards()[0].click();
        await until(() => document.querySelector("dialog .wrong"));
        await until(() => !document.querySelector("dialog .wrong").hidden);
        const said = [...document.querySelectorAll("dialog .wrong")];
        return said.map(text => [text.hidden, text.textContent]);""",
    )
    assert said[0][0] is False and said[0][1].startswith("This is its thumbnail")
