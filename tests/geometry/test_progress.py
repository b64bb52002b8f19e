"""Progress bars: for those who ask, on standard error, and nothing else."""

from __future__ import annotations

import io
import sys

import pytest

from elpips.geometry import attack, barycenter, geodesic, morph
from elpips.geometry.progress import StepsBar, draws_bar, steps_bar
from elpips.metrics import Ensemble, create_metric
from elpips.optim import PaperAdam
from tiny_metric import tiny
from toy_paths import END, START, noise
from toy_problems import quadratic, solve

IMAGES = noise(3, 3, 17, 21)
METRIC = tiny(Ensemble())
OPTIONS = {"metric": METRIC, "steps": 3, "evaluation_draws": 2}
FUNCTIONS = [
    pytest.param(lambda **more: geodesic(START, END, 4, **OPTIONS, **more), id="geodesic"),
    pytest.param(lambda **more: barycenter(IMAGES, **OPTIONS, **more), id="barycenter"),
    pytest.param(lambda **more: attack("a2", START, **OPTIONS, **more), id="attack"),
]


class Terminal(io.StringIO):
    """A standard error that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("function", FUNCTIONS)
def test_without_a_label_nothing_is_printed(function, capsys, monkeypatch) -> None:
    function().evaluation  # noqa: B018
    assert capsys.readouterr() == ("", "")
    # Not to a terminal either.
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    function().evaluation  # noqa: B018
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_label_shows_a_bar_on_standard_error(function, capsys) -> None:
    function(progress="my label")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines()[-1].split("\r")[-1].startswith("my label: 100%")
    assert "3/3" in shown.err and "objective=" in shown.err


def test_morphs_show_a_bar_per_pair(capsys) -> None:
    morph(IMAGES, 4, progress=["one", "two"], **OPTIONS)
    shown = capsys.readouterr().err
    assert "one: 100%" in shown and "two: 100%" in shown
    morph(IMAGES, 4, **OPTIONS)
    assert capsys.readouterr() == ("", "")


def test_a_run_that_goes_on_begins_where_it_stopped(capsys) -> None:
    half = solve(quadratic(), PaperAdam(), 6).state
    with steps_bar("on", 10, half.step) as bar:
        solve(quadratic(), PaperAdam(), 10, half, callbacks=[bar])
    shown = capsys.readouterr().err
    assert "6/10" in shown and "10/10" in shown and "0/10 [" not in shown.replace("10/10 [", "")


def test_the_time_left_goes_by_the_work_that_is_left() -> None:
    form = "{elapsed}<{left}"
    with StepsBar(total=10, initial=2, file=io.StringIO(), bar_format=form) as bar:
        # Steps after the sixth take ten times as long.
        bar.work = lambda step: step + 9 * max(0, step - 6)
        assert str(bar) == "00:00<?"
        bar.start_t -= 60
        bar.n = 6
        assert str(bar) == "01:00<10:00"


def test_the_objective_shown_is_the_last_one_on_held_out_draws(capsys) -> None:
    with steps_bar("bar", 12) as bar:
        run = solve(quadratic(), PaperAdam(), 12, callbacks=[bar]).state
    assert f"objective={run.evaluations[-1][1]:.5f}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("metric", "shown", "terminal", "expected"),
    [
        (METRIC, True, True, True),
        (METRIC, False, True, False),
        (METRIC, True, False, False),
        (create_metric("l2"), True, True, False),
    ],
)
def test_draws_are_shown_on_terminals(metric, shown, terminal, expected, monkeypatch) -> None:
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with draws_bar(metric, 4, shown=shown) as progress:
        for done in range(1, 5):
            progress(done)
    assert (f"{metric.name}:" in stream.getvalue()) == expected
