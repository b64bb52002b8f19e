"""What would not fit is said before memory is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from elpips.metrics import memory
from elpips.metrics.errors import InputError
from elpips.metrics.memory import check_memory, free_memory, in_words


def test_there_is_some_and_not_beyond_measure() -> None:
    free = free_memory()
    assert free is not None and 1e6 < free < 1e15
    check_memory(1e6, "a little", "none")


def test_more_than_there_is_is_one_line_that_helps() -> None:
    with pytest.raises(InputError) as caught:
        check_memory(1e18, "a path of 5 frames", "fewer --frames need less")
    assert str(caught.value).startswith("a path of 5 frames would take 1 EB of memory or more, and")
    assert str(caught.value).endswith("are free; fewer --frames need less")


def test_limits_of_a_group_of_processes_count(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    whole = free_memory()
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("1000000\n")
    assert free_memory() == 2_000_000
    # Pages of files that nobody uses are given up where memory is short.
    (tmp_path / "memory.stat").write_text("anon 1\nactive_file 7\ninactive_file 400000\n")
    assert free_memory() == 2_400_000
    (tmp_path / "memory").mkdir()
    for name, number in (("limit", 2_500_000), ("usage", 900_000)):
        (tmp_path / f"memory/memory.{name}_in_bytes").write_text(str(number))
    assert free_memory() == 1_600_000
    (tmp_path / "memory/memory.stat").write_text("inactive_file 1\ntotal_inactive_file 500000\n")
    assert free_memory() == 2_100_000
    (tmp_path / "memory/memory.stat").write_text("total_inactive_file 10000000\n")
    assert free_memory() == 2_400_000
    (tmp_path / "memory/memory.usage_in_bytes").unlink()
    (tmp_path / "memory.max").write_text("max\n")
    assert whole is not None and abs(free_memory() - whole) < 1e9


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 bytes"), (1500, "1.5 kB"), (4.2e10, "42 GB"), (1e22, "1e+04 EB")]
)
def test_sizes_in_words(count: float, words: str) -> None:
    assert in_words(count) == words
