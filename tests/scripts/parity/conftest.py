"""Cases that the tests of parity share."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity_cases import Cases


@pytest.fixture
def cases(tmp_path: Path) -> Cases:
    return Cases(tmp_path)


@pytest.fixture
def goldens(shared: Path) -> Path:
    return shared / "goldens"
