"""The charts of a report: each number at its frame or step."""

from __future__ import annotations

from typing import Any

from elpips.scripts.runs.report_charts import charts_of

PART = {
    "steps": [1.0, 2.0],
    "overlays": [1.0, 0.5, 1.0],
    "high_band": [1.0, None, 1.0],
    "motions": [0.1, 0.2],
    "overlay_by_chance": 0.06,
    "chord": 2.0,
    "energy": 9.0,
}
EVALUATION = {**PART, "baseline": {**PART, "energy": 12.0}}


def record(command: str, **others: Any) -> dict[str, Any]:
    return {"command": command, "arguments": {"power": 2}, "evaluation": EVALUATION, **others}


def by_title(charts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {chart["title"].split()[0]: chart for chart in charts}


def test_transitions_lie_between_frames_which_are_counted_from_one() -> None:
    charts = by_title(charts_of(record("geodesic")))
    assert list(charts) == ["Perceptual", "Overlay:", "Motion:", "Detail,"]
    assert charts["Perceptual"]["series"][0]["points"] == [[1.5, 1.0], [2.5, 2.0]]
    assert charts["Detail,"]["series"][1]["points"] == [[1, 1.0], [2, None], [3, 1.0]]
    assert charts["Overlay:"]["refs"] == [{"name": "by chance", "value": 0.06}]
    assert all(chart["range"] == [1, 3] for chart in charts.values())


def test_the_energy_is_broken_where_a_level_begins_and_has_its_bound() -> None:
    objective = [[0, 30.0], [50, 20.0], [50, 25.0], [90, 10.0]]
    (energy,) = charts_of(record("geodesic", objective=objective))[4:]
    points = [[0, 30.0], [50, 20.0], [50, None], [50, 25.0], [90, 10.0]]
    assert energy["series"][0]["points"] == points
    assert energy["refs"] == [
        {"name": "cross-fade", "value": 12.0},
        {"name": "lower bound", "value": 2.0**4},
    ]
    assert not energy["linked"]


def test_pairs_of_a_morph_follow_each_other_and_share_frames() -> None:
    found = record("morph", objective=[[[0, 3.0], [9, 2.0]], [[0, 4.0], [9, 1.0]]])
    charts = by_title(charts_of({**found, "evaluation": {"segments": [EVALUATION, EVALUATION]}}))
    assert [x for x, _ in charts["Perceptual"]["series"][0]["points"]] == [1.5, 2.5, 3.5, 4.5]
    overlays = charts["Overlay:"]["series"][0]["points"]
    assert overlays == [[1, 1.0], [2, 0.5], [3, 1.0], [4, 0.5], [5, 1.0]]
    assert [each["name"] for each in charts["Energy"]["series"]] == ["pair 1", "pair 2"]


def test_a_barycenters_objective_is_linked_to_its_pictures() -> None:
    evaluation = {"lower_bound": 1.0, "baseline": {"objective": 3.0}}
    found = {**record("barycenter", objective=[[0, 4.0], [50, 2.0]]), "evaluation": evaluation}
    (chart,) = charts_of(found, steps=[1, 10, 60])
    assert chart["linked"] and chart["log"] and chart["range"] == [0, 60]


def test_what_is_not_known_has_no_chart() -> None:
    earlier = {key: value for key, value in EVALUATION.items() if key != "motions"}
    titles = by_title(charts_of({**record("geodesic"), "evaluation": earlier}))
    assert "Motion:" not in titles and "Energy" not in titles
    assert charts_of({**record("geodesic"), "evaluation": None}) == []
    assert charts_of(record("attack", objective=[[0, 1.0]])) == []
