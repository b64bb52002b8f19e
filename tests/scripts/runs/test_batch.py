"""A batch on processes that only seem to be commands."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from elpips.metrics import InputError
from elpips.metrics.claims import command_scope
from elpips.scripts.parsing import parse
from elpips.scripts.runs import hosting
from elpips.scripts.runs.batch import Batch, threads_each
from elpips.scripts.runs.jobs import Job, make_jobs
from elpips.scripts.runs.manifest import Row

SCRIPT = """
import sys
steps = sys.argv[sys.argv.index("--steps") + 1]
print(" ".join(sys.argv[1:]))
if steps == "3":
    print("bar  10%|#\\r", end="", file=sys.stderr)
    print("elpips: error: out of luck", file=sys.stderr)
sys.exit({"3": 2, "4": 143}.get(steps, 0))
"""


@pytest.fixture(autouse=True)
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes be quick."""
    monkeypatch.setattr(hosting, "PROGRAM", (sys.executable, "-c", SCRIPT))


def run(out: Path, todo: list[Job], *devices: str) -> Batch:
    with command_scope():
        batch = Batch.prepare(out, todo, {})
        batch.run([hosting.Place(0, each) for each in devices or ("auto",)])
    return batch


def jobs(folder: Path, *steps: int) -> list[Job]:
    pair = {"start": str(folder / "a.png"), "end": str(folder / "b.png")}
    rows = [Row(f"row {each}", {**pair, "name": f"n{each}", "steps": each}) for each in steps]
    return make_jobs(rows, parse)


def test_all_rows_have_an_end_and_are_told(folder: Path, tmp_path: Path, capsys) -> None:
    batch = run(tmp_path / "out", jobs(folder, 1, 3, 4), "cpu", "cpu")
    assert batch.counts == {"done": 1, "failed": 1, "interrupted": 1}
    assert batch.outcomes[1].why == "out of luck" and batch.outcomes[1].exit_code == 2
    record = json.loads((tmp_path / "out/batch.json").read_text())
    assert [row["status"] for row in record["rows"]] == ["done", "failed", "interrupted"]
    assert record["rows"][0]["last"]["arguments"]["steps"] == 1
    told = capsys.readouterr().out
    assert "3/3" in told and "n3: failed, 0 s (out of luck)" in told
    log = (tmp_path / "out/logs/n1.log").read_text()
    assert "--device cpu --outdir" in log and "--resume" not in log
    assert (tmp_path / "out/logs/n3.log").read_text().endswith("elpips: error: out of luck\n")


def test_the_next_batch_knows_what_was_begun(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(out, jobs(folder, 4))
    (out / "n4").mkdir()
    (out / "n4/checkpoint.pt").touch()
    run(out, jobs(folder, 4))
    log = (out / "logs/n4.log").read_text()
    assert "--resume" in log and "--device" not in log


def test_a_damaged_record_is_no_obstacle_but_a_users_file_is(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(out, jobs(folder, 1))
    (out / "batch.json").write_text("[]")
    with pytest.raises(InputError, match=r"batch\.json"):
        run(out, jobs(folder, 1))


def test_threads_are_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    assert [threads_each(count) for count in (1, 2, 4, 9)] == [None, 3, 1, 1]
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert threads_each(10**6) == 1
