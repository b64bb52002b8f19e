"""Strange files, arguments, structures and checkpoints; and processes that end at any time.

A slice of the cases runs always. All of them, as many as `fuzz_cases.KINDS` says, and all the
kills run with ``-m fuzz``.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elpips.geometry import load_run
from elpips.scripts.cli import main
from fuzz_cases import FAST, KINDS, Stock
from fuzz_runs import Child, Server, quick, run_case

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals")

SLICE = 8
BATCH = 50
KILLS, INTERRUPTS, TERMINATIONS = 50, 20, 10
INTERVAL = 50


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    found = Stock(tmp_path_factory.mktemp("fuzz") / "stock")
    with pytest.MonkeyPatch.context() as patch:
        quick(patch)
        for name in ("barycenter", "geodesic", "attack"):
            out = found.folder / name
            assert main(found.command(name, out)) == 0
            found.runs[name] = (out / "checkpoint.pt").read_bytes()
    return found


def check(kind: str, indices: range, stock: Stock, patch: pytest.MonkeyPatch) -> None:
    quick(patch)
    faults = [fault for index in indices if (fault := run_case(kind, index, stock))]
    assert not faults, f"{len(faults)} of {len(indices)}:\n" + "\n".join(faults[:20])


@pytest.mark.parametrize("kind", KINDS)
def test_a_slice(kind: str, stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    check(kind, range(SLICE), stock, monkeypatch)


@pytest.mark.fuzz
@pytest.mark.parametrize(
    ("kind", "first"),
    [(kind, first) for kind, (_, count) in KINDS.items() for first in range(0, count, BATCH)],
)
def test_all(kind: str, first: int, stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    check(kind, range(first, first + BATCH), stock, monkeypatch)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


class Runs:
    """A barycenter, whole, and as often as wanted broken off."""

    def __init__(self, stock: Stock, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self.command = ["barycenter", stock.a, stock.b, *FAST, "--init", "noise", "--steps", "70"]
        began = time.monotonic()
        assert self.child("whole").wait() == 0
        self.seconds = time.monotonic() - began

    def child(self, name: str, *more: str) -> Child:
        arguments = [*self.command, "--outdir", str(self.folder / name), *more]
        return Child(self.server, arguments, self.folder / f"{name}.steps")

    def broken_off(self, index: int, number: int) -> None:
        """Break a run off by a signal, at a time that the index says; resume it and compare."""
        name = f"{number}_{index}"
        out = self.folder / name
        child = self.child(name)
        time.sleep(random.Random(name).uniform(0, 1.1 * self.seconds))
        child.send(number)
        code = child.wait()
        expected = {-number} if number == signal.SIGKILL else {128 + number, -number}
        assert code in {0, *expected}, code
        saved = out / "checkpoint.pt"
        if saved.exists():
            lost = child.steps - load_run(saved).step
            assert 0 <= lost <= (INTERVAL if number == signal.SIGKILL else 1)
        else:
            assert child.steps <= 1
        if code == 128 + number and child.steps:
            assert load_run(saved).step >= child.steps - 1
        assert self.child(name, *["--resume"] * saved.exists()).wait() == 0
        for each in ("barycenter.png", "mean.png"):
            assert np.array_equal(pixels(out / each), pixels(self.folder / "whole" / each)), each
        assert not [path for path in out.rglob(".*") if number != signal.SIGKILL]
        same = {path.name for path in (self.folder / "whole").rglob("*.*")}
        found = {path.name for path in out.rglob("*.*") if not path.name.startswith(".")}
        assert found == same


@pytest.fixture(scope="module")
def runs(stock: Stock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    server = Server()
    try:
        yield Runs(stock, tmp_path_factory.mktemp("fuzz"), server)
    finally:
        server.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_broken_off(number: int, runs: Runs) -> None:
    runs.broken_off(0, number)


@pytest.mark.fuzz
@pytest.mark.parametrize(
    ("number", "index"),
    [
        (number, index)
        for number, count in (
            (signal.SIGKILL, KILLS),
            (signal.SIGINT, INTERRUPTS),
            (signal.SIGTERM, TERMINATIONS),
        )
        for index in range(1, count + 1)
    ],
)
def test_all_broken_off(number: int, index: int, runs: Runs) -> None:
    runs.broken_off(index, number)
