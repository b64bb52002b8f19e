"""The page in a person's hands: mouse, touch, keyboard, and those who do not see it."""

from __future__ import annotations

from typing import Any

import pytest

from browser_sizes import DESKTOP, PHONE

pytestmark = pytest.mark.browser


def position(page: Any) -> str:
    return page.inner_text("#position")


def line_of(page: Any) -> list[int]:
    return [int(page.input_value(f"#line-{index}")) for index in range(4)]


def drag(page: Any, start: tuple[float, float], end: tuple[float, float], where: str) -> None:
    """Drag from one place of an element to another, both as shares of its size."""
    page.locator(where).scroll_into_view_if_needed()
    box = page.locator(where).bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[1], steps=5)
    page.mouse.up()


def test_keys_step_play_and_compare(look, runs) -> None:
    page = look(runs.report("path"))
    assert position(page) == "4 / 7"
    for key, expected in (("Home", "1 / 7"), ("ArrowRight", "2 / 7"), ("End", "7 / 7")):
        page.keyboard.press(key)
        assert position(page) == expected
    page.keyboard.press("ArrowLeft")
    assert position(page) == "6 / 7"
    for key, mode, both in (("2", "wipe", False), ("3", "difference", False), ("1", "side", True)):
        page.keyboard.press(key)
        assert page.is_checked(f"#modes input[value={mode}]")
        assert page.is_visible("#canvas-b") == both
    page.keyboard.press("x")
    assert page.inner_text("#figure-a figcaption") == "cross-fade"


def test_it_plays_forth_and_back_and_ends_where_it_should(look, runs) -> None:
    page = look(runs.report("path"))
    page.clock.install(time=0)
    page.clock.pause_at(10_000)
    page.keyboard.press("Home")
    page.select_option("#speed", "4")
    page.keyboard.press(" ")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    seen = []
    for _ in range(14):
        page.clock.run_for(50)
        seen.append(int(position(page).split()[0]))
    assert seen == [2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1, 2, 3]
    page.uncheck("#boomerang")
    page.uncheck("#loop")
    page.clock.run_for(1000)
    assert position(page) == "7 / 7" and page.get_attribute("#play", "aria-label") == "Play"
    page.click("#play")
    page.clock.run_for(50)
    assert position(page) == "2 / 7"
    page.check("#loop")
    page.clock.run_for(300)
    assert position(page) == "1 / 7"


def test_charts_and_slices_follow_the_frames_and_lead_to_them(look, runs) -> None:
    page = look(runs.report("path"))
    assert page.locator(".chart").count() == 5
    titles = page.locator(".chart h3").all_inner_texts()
    assert titles[0].startswith("Perceptual step") and titles[4].startswith("Energy")
    cursor = page.locator(".chart .cursor").first
    before = cursor.get_attribute("x1")
    page.keyboard.press("End")
    assert float(cursor.get_attribute("x1")) > float(before)
    drag(page, (0.5, 0.5), (0.11, 0.5), ".chart >> nth=1 >> svg")
    assert position(page) == "1 / 7"
    drag(page, (0.5, 0.1), (0.5, 0.93), "#slice-b")
    assert position(page) == "7 / 7"
    page.locator("#scrubber").fill("2")
    assert position(page) == "3 / 7"
    assert page.get_attribute("#scrubber", "aria-valuetext") == "frame 3 of 7"


def test_a_line_is_drawn_moved_and_turned(look, runs) -> None:
    page = look(runs.report("path"))
    drag(page, (0.01, 0.01), (0.99, 0.99), "#canvas-b")
    assert line_of(page) == [0, 0, 40, 32]
    page.click("#row")
    assert line_of(page) == [0, 16, 40, 16]
    handle = page.locator("#figure-a .handle").nth(1)
    handle.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert line_of(page) == [0, 16, 39, 15] and position(page) == "4 / 7"
    box = handle.bounding_box()
    page.mouse.move(box["x"] + 14, box["y"] + 14)
    page.mouse.down()
    page.mouse.move(box["x"] - 800, box["y"] + 14, steps=4)
    page.mouse.up()
    assert line_of(page) == [0, 16, 0, 15]
    page.click("#column")
    assert line_of(page) == [0, 0, 0, 32]


def test_a_wipe_is_dragged(look, runs) -> None:
    page = look(runs.report("path"))
    line = line_of(page)
    page.click("#modes label:has-text('Wipe')")
    drag(page, (0.5, 0.3), (0.25, 0.3), "#canvas-a")
    assert abs(int(page.input_value("#wipe")) - 250) <= 5
    assert line_of(page) == line


def test_runs_are_switched(look, runs) -> None:
    page = look(runs.report("path", "other"))
    captions = ["path: geodesic", "other: geodesic"]
    assert page.locator("#stage figcaption").all_inner_texts() == captions
    assert page.locator("#runs-table tbody tr").count() == 2
    assert page.locator(".chart .legend").first.inner_text().split()[::2] == ["path", "other"]
    assert page.inner_text("#certificate-title") == "How good path is"
    page.select_option("#source-a", label="other: geodesic")
    page.select_option("#source-b", label="path: cross-fade")
    assert page.inner_text("#record-title") == "How other was made"
    assert "--frames 5 --init nearest" in page.inner_text("#command")
    assert position(page).endswith("/ 5")
    page.keyboard.press("End")
    assert page.get_attribute("#canvas-b", "aria-label") == "path: cross-fade, frame 7 of 7"


def test_names_are_text_and_nothing_else(look, runs) -> None:
    page = look(runs.report("path"))
    assert page.inner_text("#title") == "<b>first & 'one' to second"
    assert page.title() == "<b>first & 'one' to second"
    assert page.locator("b:has-text('first')").count() == 0


def test_a_picture_that_stands_still_has_no_line_and_no_time(look, runs) -> None:
    page = look(runs.report("attack"))
    for hidden in ("#transport", "#through-time", "#stage .handle >> nth=0"):
        assert not page.is_visible(hidden)
    page.keyboard.press(" ")
    page.keyboard.press("3")
    assert page.get_attribute("#canvas-a", "aria-label").startswith("Difference of attack and")


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [
        ("path", DESKTOP, "light"),
        ("path", PHONE, "dark"),
        ("image", DESKTOP, "dark"),
        ("attack", PHONE, "light"),
    ],
)
def test_nobody_is_kept_out(name: str, size, scheme: str, look, runs) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = look(runs.report(name), size, scheme)
    for key in "21":
        page.keyboard.press(key)
        serious = [
            (each["id"], [node["html"] for node in each["nodes"]])
            for each in axe.run(page).response["violations"]
            if each["impact"] in ("serious", "critical")
        ]
        assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_a_finger_draws_where_it_moves_sideways(look, runs) -> None:
    page = look(runs.report("path"), PHONE)
    # Before the drag: a touch soon after one only ends what is left of its movement.
    page.locator("#play").tap()
    page.wait_for_selector("#play[aria-label=Pause]")
    page.keyboard.press(" ")
    box = page.locator("#canvas-a").bounding_box()
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        at = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in points
        ]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    send("touchStart", (0.1, 0.2))
    for step in range(1, 9):
        send("touchMove", (0.1 + 0.1 * step, 0.2 + 0.01 * step))
    send("touchEnd")
    x0, y0, x1, y1 = line_of(page)
    assert (x0, y0) == (4, 6) and x1 == pytest.approx(36, abs=1) and y1 == pytest.approx(9, abs=1)
