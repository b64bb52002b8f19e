"""What numbers depend on, as it is recorded."""

from __future__ import annotations

import platform

import torch

from elpips.scripts.runs.record import environment


def test_versions_and_machine() -> None:
    found = environment(torch.device("cpu"))
    assert found["python"] == platform.python_version() and torch.__version__.startswith(
        found["torch"]
    )
    assert found["device"] == found["device_name"] == "cpu"
    assert found["threads"] == torch.get_num_threads()
