"""What a person does on a gallery to decide: goes about, puts in order, and compares."""

from __future__ import annotations

import pytest

from aesthkeras.scoring.rows import Row
from tests.scoring.gallery_pages import marks, photo_row, row


@pytest.mark.parametrize("window", [(1500, 900), pytest.param((500, 900), marks=pytest.mark.long)])
def test_arrow_keys_go_by_the_columns_that_are_there(opens, window):
    page = opens([row(number) for number in range(100)], window)
    columns = page.says(
        "[...document.querySelectorAll('.card')].filter(c => c.offsetTop === found[0].card.offsetTop).length"
    )
    assert columns >= 2
    page.says("focusOn(0)")
    page.press("ARROW_RIGHT")
    assert page.focus() == "1.jpg"
    page.press("ARROW_DOWN")
    assert page.focus() == f"{columns + 1}.jpg"
    page.press("ARROW_DOWN", "ARROW_UP", "ARROW_LEFT")
    assert page.focus() == f"{columns}.jpg"
    page.press("ARROW_UP", "ARROW_UP", "ARROW_LEFT")
    assert page.focus() == "0.jpg"
    drawn = page.says("drawn")
    page.press("END", "ARROW_RIGHT")  # beyond what is drawn
    assert page.focus() == f"{drawn}.jpg"
    page.press("END", "END", "END", "ARROW_DOWN", "ARROW_RIGHT")
    assert page.focus() == "99.jpg"


def test_orders_are_those_that_the_photos_can_have(opens):
    page = opens([row(number, f"photos/IMG_{10 - number}.jpg") for number in range(3)])
    orders = page.says("[...of('order').options].map(option => option.value)")
    assert orders == ["best", "worst", "rating", "rating_up", "name", "name_down"]


def test_photos_stand_in_the_order_that_is_asked_for(opens):
    facts = [("b10.jpg", 3.0, "2024-05-02T10:00:00", 300), ("b9.jpg", 4.0, "2023-01-01T00:00:00", 200)]
    facts += [("a.jpg", 2.0, "2024-05-02T09:59:59", 400), ("c.jpg", None, "", 0)]
    rows = [
        row(number, path, taken=taken, width=width, height=width)._replace(rating=rating)
        for number, (path, rating, taken, width) in enumerate(facts)
    ]
    page = opens([*rows, Row("bad.jpg", error="not a JPEG")])
    shown = {}
    for order in page.says("Object.keys(ORDERS)"):
        page.select("#order", order)
        shown[order] = " ".join(name.removesuffix(".jpg") for name in page.names())
    assert shown == {
        "best": "b10 b9 a c bad",
        "worst": "c a b9 b10 bad",
        "rating": "b9 b10 a c bad",
        "rating_up": "a b10 b9 c bad",
        "name": "a b9 b10 bad c",
        "name_down": "c bad b10 b9 a",
        "newest": "b10 a b9 c bad",
        "oldest": "b9 a b10 c bad",
        "largest": "a b10 b9 c bad",
        "smallest": "b9 b10 a c bad",
    }


def test_the_threshold_is_dragged_on_the_histogram_or_moved_by_key(opens):
    from selenium.webdriver import ActionChains

    page = opens([row(number) for number in range(0, 1000, 10)])  # scores 1.00, 0.99, ...
    handle = page.browser.find_element("css selector", "#threshold")
    width = handle.rect["width"]
    drag = ActionChains(page.browser).move_to_element_with_offset(handle, -width / 2 + 7, 0)
    drag.click_and_hold().move_by_offset(width / 2, 0).release().perform()
    low = float(page.says("of('low').value"))
    assert 0.4 < low < 0.6
    assert len(page.names()) == 101 - round(100 * low)
    page.press("ARROW_RIGHT")
    assert float(page.says("of('low').value")) == pytest.approx(low + 0.01)
    assert len(page.names()) == 100 - round(100 * low)
    page.press("HOME")
    assert len(page.names()) == 100


PLACES = """panes.map(each => {
  const room = each.box.getBoundingClientRect(), photo = each.shown.getBoundingClientRect();
  return [photo.left - room.left, photo.top - room.top, photo.width, photo.height];
})"""


def test_photos_side_by_side_are_zoomed_and_moved_together(opens, tmp_path):
    page = opens([photo_row(tmp_path / f"{number}.jpg", 0.9 - number / 10) for number in range(5)])
    page.says("focusOn(0)")
    page.press("c")
    assert "two to four" in page.said()
    page.press(" ", "ARROW_RIGHT", " ", "ARROW_RIGHT", " ", "ARROW_RIGHT", " ", "ARROW_RIGHT", " ")
    assert page.said().startswith("4 photos are chosen")
    page.press("ARROW_LEFT", " ", "c")
    page.until("of('compare').open && panes.every(each => each.shown.firstChild.naturalWidth === 660)")

    def places() -> list[float]:
        first, *others = page.says(PLACES)
        assert len(others) == 2
        for other in others:
            assert other == pytest.approx(first, abs=1)
        return first

    whole = places()
    assert whole[2] / whole[3] == pytest.approx(1.5, rel=0.01)
    page.press("+", "+", "+", "+", "+")
    near = places()
    assert near[2] == pytest.approx(whole[2] * 1.25**5, rel=0.01)
    page.press("ARROW_RIGHT")
    assert places()[0] == pytest.approx(near[0] - 60, abs=1)
    page.press("ARROW_LEFT")
    from selenium.webdriver import ActionChains

    pane = page.browser.find_elements("css selector", ".pane")[1]
    ActionChains(page.browser).drag_and_drop_by_offset(pane, 40, 30).perform()
    dragged = places()
    assert dragged[:2] == pytest.approx([near[0] + 40, near[1] + 30], abs=1)
    page.click("#pixels")
    assert places()[2] == pytest.approx(660, abs=1)
    page.press("TAB")
    page.click("#whole")
    assert places() == pytest.approx(whole, abs=1)


def test_side_by_side_photos_are_marked_and_show_heat_maps(opens, tmp_path):
    page = opens([photo_row(tmp_path / f"{number}.jpg", 0.9 - number / 10) for number in range(2)])
    page.click(".card:nth-child(1) .choose")
    page.click(".card:nth-child(2) .choose")
    page.click("#beside")
    page.until("of('compare').open")
    page.press("p")
    page.click(".pane:nth-child(2) [data-mark=reject]")
    assert marks(page) == ["pick", "reject"]
    heat = "panes.map(each => getComputedStyle(each.shown.querySelector('.heat')).display)"
    assert page.says(heat) == ["none", "none"]
    page.click("#compare .switch")
    assert page.says(heat) == ["block", "block"]
    page.press("ESCAPE")
    assert page.focus() == "1.jpg"


def test_a_burst_is_folded_to_its_best(opens):
    rows = [row(0), row(1, group="b", best_of_group=True), row(2), row(3, group="b"), row(4, group="b")]
    page = opens(rows)
    page.click("#fold")
    assert page.names() == ["0.jpg", "1.jpg", "2.jpg"]
    assert page.says("of('count').textContent") == "5 of 5 photos, 2 of them folded"
    assert page.says("found[1].card.getAttribute('aria-label')").endswith("burst of 3")
    page.says("focusOn(1)")
    page.press("b")
    assert page.names() == ["0.jpg", "1.jpg", "3.jpg", "4.jpg", "2.jpg"]
    assert page.focus() == "1.jpg"
    page.press("ARROW_RIGHT", "b")  # at one of the others
    assert page.names() == ["0.jpg", "1.jpg", "2.jpg"] and page.focus() == "1.jpg"
    page.click(".card:nth-child(2) .burst")
    assert len(page.names()) == 5
    page.press("b")
    page.says("(of('high').value = '0.998', filter())")  # the best is filtered out
    assert page.names() == ["2.jpg", "3.jpg"]
    page.says("focusOn(1)")
    page.press("b", "ARROW_RIGHT")
    assert page.names() == ["2.jpg", "3.jpg", "4.jpg"] and page.focus() == "4.jpg"
    page.press("b")
    assert page.names() == ["2.jpg", "3.jpg"] and page.focus() == "3.jpg"


def test_without_bursts_nothing_can_be_folded(opens):
    page = opens([row(1)])
    assert page.says("of('folding').hidden")


OPENS = {
    "grid": "focusOn(1)",
    "one": "show(1)",
    "compare": "(choose(found[0]), choose(found[1]), compare())",
    "marks": "of('marks').click()",
    "help": "of('keys').click()",
}


@pytest.mark.parametrize(
    ("window", "theme"),
    [((1500, 900), "light"), pytest.param((500, 844), "dark", marks=pytest.mark.long)],
)
def test_axe_finds_nothing_serious(opens, tmp_path, window, theme):
    axe = pytest.importorskip("axe_core_python.selenium", reason="needs axe-core-python").Axe()
    rows = [photo_row(tmp_path / f"{n}.jpg", 0.9 - n / 10, group="a", best_of_group=not n) for n in range(3)]
    page = opens([*rows, row(500), Row("bad.jpg", error="not a JPEG")], window)
    features = [{"name": "prefers-color-scheme", "value": theme}]
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    page.says("(setMark(photos[0], 'pick'), setMark(photos[1], 'reject'), switchHeat())")
    found = {}
    for name, script in OPENS.items():
        page.says(script)
        page.until("document.querySelectorAll('.card.whole').length === 5")
        said = axe.run(page.browser, options={"resultTypes": ["violations"]})["violations"]
        found[name] = [
            (each["id"], [node["html"][:80] for node in each["nodes"]])
            for each in said
            if each["impact"] in ("serious", "critical")
        ]
        page.says("[...document.querySelectorAll('dialog')].forEach(dialog => dialog.close())")
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert found == {name: [] for name in OPENS}


def test_a_phone_shows_all_of_it_without_sideways_scrolling(opens, tmp_path):
    page = opens([photo_row(tmp_path / f"{number}.jpg", 0.9 - number / 10) for number in range(3)])
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    for script in OPENS.values():
        page.says(script)
        width = "Math.max(...[document.documentElement, ...document.querySelectorAll('dialog[open]')]"
        width += ".map(part => part.scrollWidth))"
        assert page.says(width) <= 390
        page.says("[...document.querySelectorAll('dialog')].forEach(dialog => dialog.close())")
    page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_everything_is_reached_by_the_keyboard_alone(opens):
    page = opens([row(number) for number in range(3)])
    reached = []
    for _ in range(30):
        page.press("TAB")
        reached.append(page.says("document.activeElement.id || document.activeElement.className"))
        if "card" in reached[-1]:
            break
    reached = [name for name in reached if name]
    assert reached == [
        "name",
        "fault",
        "marked",
        "low",
        "high",
        "threshold",
        "order",
        "switch",
        "marks",
        "keys",
        "card whole",
    ]
    page.press("?")
    assert page.says("of('help').open") and "pick, reject, unmark" in page.says("of('help').innerText")
    page.press("ESCAPE")
    assert page.focus() == "0.jpg"
