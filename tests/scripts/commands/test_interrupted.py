"""Ctrl-C and SIGTERM in a real process, of commands that run long."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize(
    ("command", "options", "result", "number", "code"),
    [
        ("barycenter", [], "barycenter.png", signal.SIGTERM, 143),
        ("geodesic", ["--also", "none"], "frames/0009.png", signal.SIGINT, 130),
    ],
)
def test_a_signal_ends_a_run_with_its_results(
    pair, tmp_path: Path, command: str, options: list[str], result: str, number: int, code: int
) -> None:
    out = tmp_path / "out"
    arguments = [sys.executable, "-m", "elpips", command, *pair, "--metric", "l2", *options]
    with subprocess.Popen(
        [*arguments, "--steps", "1000000", "--outdir", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background, the shell has them ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            deadline = time.monotonic() + 120
            while not (out / "checkpoint.pt").exists():
                assert time.monotonic() < deadline and process.poll() is None
                time.sleep(0.1)
            process.send_signal(number)
            _, errors = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == code
    assert "Traceback" not in errors
    assert json.loads((out / "run.json").read_text())["result"].startswith("interrupted")
    assert (out / result).exists()
