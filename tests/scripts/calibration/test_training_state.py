"""Checkpoints of trainings."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.metrics import InputError
from elpips.scripts.calibration.training_state import read_training, write_training


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path, state = tmp_path / "a.pt", {"weights": torch.rand(3), "done": 2}
    assert read_training(path, {"set": "a"}) is None
    write_training(path, {"set": "a"}, state)
    found = read_training(path, {"set": "a"})
    assert found is not None and found["done"] == 2
    assert torch.equal(found["weights"], state["weights"])


def test_another_training_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    write_training(path, {"set": "a", "steps": 3}, {})
    with pytest.raises(InputError, match=r"a\.pt: is of another training, with steps 3, found 4"):
        read_training(path, {"set": "a", "steps": 4})
    with pytest.raises(InputError, match="with steps 3, found None"):
        read_training(path, {"set": "a"})


def test_what_differs_inside_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    write_training(path, {"options": {"rate": 0.1, "betas": (0.5, 0.9)}}, {"done": 1})
    assert read_training(path, {"options": {"rate": 0.1, "betas": [0.5, 0.9]}}) == {"done": 1}
    with pytest.raises(InputError, match=r"with options rate 0\.1, found 0\.2; name"):
        read_training(path, {"options": {"rate": 0.2, "betas": (0.5, 0.9)}})


@pytest.mark.parametrize("content", [b"", b"no checkpoint"])
def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be gone on from"):
        read_training(path, {})
    torch.save([1], path)
    with pytest.raises(InputError, match="cannot be gone on from"):
        read_training(path, {})
