"""Kept results are taken only for the question they answer."""

from __future__ import annotations

from pathlib import Path

from elpips.scripts.runs.result_cache import cached_results


def test_results_of_another_question_are_not_taken(tmp_path: Path) -> None:
    calls = []

    def compute(value: int) -> dict[str, int]:
        calls.append(value)
        return {"value": value}

    path, picture = tmp_path / "a.json", tmp_path / "a.png"
    assert cached_results(path, {"steps": 1}, lambda: compute(1)) == {"value": 1}
    assert cached_results(path, {"steps": 1}, lambda: compute(2)) == {"value": 1}
    assert cached_results(path, {"steps": 2}, lambda: compute(3)) == {"value": 3}
    assert cached_results(path, {"steps": 2}, lambda: compute(4), [picture]) == {"value": 4}
    assert calls == [1, 3, 4]
