"""Several processes compute what one does."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from elpips.geometry import geodesic, load_run
from elpips.geometry.ranks import active, block_of
from elpips.media import read_images, save_image
from torchrun import ROOT, start_ranks
from two_afc_sets import write_set


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what three ranks computed, and what one of them did alone."""
    file = tmp_path_factory.mktemp("ranks") / "results.pt"
    write_set(file.parent / "set", {"noise": 25})
    job = [sys.executable, "-m", "tests.helpers.ranks_job", str(file), "3"]
    assert subprocess.run(job, cwd=ROOT, timeout=240, check=False).returncode == 0
    found = torch.load(file, weights_only=False)
    assert found["size"] == 3
    return found


NAMES = ["frames", "chunks", "few", "power", "draws", "both", "resumed"]
BARYCENTERS = ["barycenter 1 None", "barycenter 2 None", "barycenter 1 2"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*NAMES, *BARYCENTERS])
def test_ranks_compute_what_one_process_does(results: Any, name: str) -> None:
    (pixels, losses, values), (pixels_alone, losses_alone, values_alone) = (
        results[which][name] for which in ("shared", "alone")
    )
    assert not torch.equal(pixels, torch.zeros_like(pixels))
    torch.testing.assert_close(pixels, pixels_alone, rtol=0, atol=2e-6)
    assert losses == pytest.approx(losses_alone, rel=1e-5)
    assert [step for step, _ in values] == [step for step, _ in values_alone]
    assert [v for _, v in values] == pytest.approx([v for _, v in values_alone], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["choices", "set attack", "attacks"])
def test_items_that_are_shared_out_have_the_very_results_of_one_process(
    results: Any, name: str
) -> None:
    (found, _, values), (alone, _, values_alone) = (
        results[which][name] for which in ("shared", "alone")
    )
    assert torch.equal(found, alone) and not torch.equal(found, torch.zeros_like(found))
    assert values == values_alone


@pytest.mark.slow
def test_items_come_in_order_and_what_fails_on_a_rank_is_said_by_the_first(results: Any) -> None:
    found, before, error = results["shares"]
    assert found == [(12, True, 1), (6, False, 0), (4, False, 0), (3, True, 0)]
    assert before == [(12, True, 1)] and "division" in error


@pytest.mark.slow
def test_processes_run_beside_all_ranks_and_ctrl_c_ends_them_all(results: Any) -> None:
    places, ended, stopped = results["processes"]
    assert [(each.rank, each.device) for each in places] == [(0, "auto"), (1, "auto"), (2, "auto")]
    assert {rank for rank, *_ in ended} == {0, 1, 2}
    assert {task: (code, said) for _, task, code, said in ended} == {
        task: (int(task == 3), f"told {task}\n") for task in range(5)
    }
    assert {(rank, code) for rank, _, code, _ in stopped} == {(rank, -15) for rank in range(3)}


def test_blocks_are_in_a_row_and_hold_everything() -> None:
    for size in (1, 2, 3, 5):
        for count in (0, 1, 2, 7, 10):
            blocks = [block_of(rank, size, count) for rank in range(size)]
            assert [index for block in blocks for index in block] == list(range(count))
            assert max(map(len, blocks)) - min(map(len, blocks)) <= 1


def test_alone_there_are_no_ranks() -> None:
    assert active() is None


@pytest.mark.slow
def test_a_killed_rank_ends_the_job_and_any_number_goes_on(tmp_path: Path) -> None:
    ends = torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(5))
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    for file, image in zip(files, ends, strict=True):
        save_image(file, image)
    options = ["--metric", "l2", "--also", "none", "--frames", "6", "--animations", "gif"]
    command = ["geodesic", *map(str, files), *options]
    there = ["--outdir", str(tmp_path / "ranks")]

    first = start_ranks(
        2, "-m", "elpips", *command, *there, "--steps", 10**6, stderr=subprocess.PIPE
    )
    while not (tmp_path / "ranks" / "checkpoint.pt").exists():
        assert first[0].poll() is None
        time.sleep(0.05)
    first[1].kill()
    _, said = first[0].communicate(timeout=120)
    assert first[0].returncode == 130
    assert "a rank was lost" in said and "Traceback" not in said
    first[1].communicate()
    run = load_run(tmp_path / "ranks" / "checkpoint.pt")
    assert (tmp_path / "ranks" / "frames").is_dir()

    # What other ranks may do, one process may, and the other way round (`ranks_job`).
    images, steps = read_images(files), run.step + 30
    again, alone = (
        geodesic(*images, 6, metric="l2", steps=steps, run=each) for each in (run, None)
    )
    assert again.solution.state.step == steps
    torch.testing.assert_close(again.frames, alone.frames, rtol=0, atol=1e-5)
