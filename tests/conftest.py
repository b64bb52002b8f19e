"""What the tests of every storey share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

if "PYTEST_XDIST_WORKER" in os.environ:
    # As many processes as cores run beside each other: one thread each, and for what they start.
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of reference material that is not part of the project; without it, skip."""
    folder = os.environ.get("ELPIPS_SHARED")
    if not folder:
        pytest.skip("ELPIPS_SHARED does not name the folder of reference material")
    if not Path(folder).is_dir():
        pytest.skip(f"ELPIPS_SHARED names {folder}, which is not a folder")
    return Path(folder)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is marked ``gpu`` where there is no CUDA device; leave out unasked ``fuzz``."""
    if "fuzz" not in config.option.markexpr:
        items[:] = [item for item in items if not item.get_closest_marker("fuzz")]
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))
