from __future__ import annotations

import errno
from pathlib import Path

import pytest

from elpips.metrics.errors import InputError
from elpips.metrics.files import atomic_write


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(InputError, match="No space left"), atomic_write(path) as temporary:
        assert temporary.suffix == ".txt"
        temporary.write_text("ne")
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as temporary:
        temporary.write_text("ne")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
