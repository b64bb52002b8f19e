"""Several processes compute what one does."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from elpips.geometry import geodesic, load_run
from elpips.geometry.ranks import active, block_of
from elpips.media import read_images, save_image
from torchrun import start_ranks
from two_afc_sets import write_set


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what three ranks computed, and what one of them did alone."""
    file = tmp_path_factory.mktemp("ranks") / "results.pt"
    write_set(file.parent / "set", {"noise": 25})
    ranks = start_ranks(3, "-m", "tests.helpers.ranks_job", file)
    for each in ranks:
        assert each.wait(240) == 0
    found = torch.load(file, weights_only=False)
    assert found["size"] == 3
    return found


NAMES = ["frames", "chunks", "few", "power", "draws", "both", "resumed", "choices"]
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
