"""The charts of a report, as data: what a path does by frame, and the objective by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Chart = dict[str, Any]
Curve = Sequence[float | None]


def charts_of(record: Mapping[str, Any], steps: Sequence[int] = ()) -> list[Chart]:
    """Return the charts of a run.

    Parameters
    ----------
    record
        What ``run.json`` holds.
    steps
        Optimiser steps that the pictures of a barycenter are of; the objective is then linked
        to them.
    """
    evaluation = record.get("evaluation")
    objectives = record.get("objective") or []
    command = record["command"]
    if command == "morph":
        paths = _path(evaluation["segments"]) if evaluation else []
        return [*paths, *_objective("Energy", [*objectives], [])]
    if command == "barycenter":
        known = _bounds(evaluation, "objective", "lower_bound", "pixel mean")
        return _objective("Objective", [objectives], known, steps)
    if command == "attack":
        return _objective("Objective", [objectives], [])
    charts = _path([evaluation]) if evaluation else []
    known = []
    if evaluation:
        power = record["arguments"].get("power", 1)
        bound = {"bound": evaluation["chord"] ** (2 * power)}
        known = _bounds({**evaluation, **bound}, "energy", "bound", "cross-fade")
    return [*charts, *_objective("Energy", [objectives], known)]


def _bounds(
    evaluation: Mapping[str, Any] | None, key: str, bound: str, baseline: str
) -> list[dict[str, Any]]:
    if evaluation is None:
        return []
    refs = [(baseline, evaluation["baseline"][key]), ("lower bound", evaluation[bound])]
    return [{"name": name, "value": value} for name, value in refs if value is not None]


def _path(segments: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """Return what a path does by frame; one of several segments with one after the other."""
    total = sum(len(each["steps"]) for each in segments)

    def by_transition(title: str, key: str) -> Chart:
        return _chart(title, [_joined(each) for each in _curves(segments, key)], total, 0.5)

    def by_frame(title: str, key: str, refs: Sequence[tuple[str, str]] = ()) -> Chart:
        curves = []
        for parts in _curves(segments, key):
            # Neighbours share a frame.
            shared = [part[:-1] for part in parts[:-1]]
            curves.append(_joined([*shared, parts[-1]]))
        found = _chart(title, curves, total, 0.0)
        if len(segments) == 1:
            values = [(name, segments[0][known]) for name, known in refs]
            found["refs"] = [{"name": n, "value": v} for n, v in values if v is not None]
        return found

    charts = [by_transition("Perceptual step sizes", "steps")]
    charts.append(
        by_frame(
            "Overlay: detail that is a mix of both ends",
            "overlays",
            [("by chance", "overlay_by_chance")],
        )
    )
    # Runs of earlier versions do not say.
    if all("motions" in each for each in segments):
        charts.append(by_transition("Motion: change that velocities explain", "motions"))
    charts.append(by_frame("Detail, relative to the ends'", "high_band"))
    return charts


def _curves(segments: Sequence[Mapping[str, Any]], key: str) -> list[list[Curve]]:
    return [
        [each[key] for each in segments],
        [each["baseline"][key] for each in segments],
    ]


def _joined(parts: Sequence[Curve]) -> list[float | None]:
    return [value for part in parts for value in part]


def _chart(title: str, curves: Sequence[Curve], total: int, offset: float) -> Chart:
    names = (("this path", "a"), ("cross-fade", "b"))
    return {
        "title": title,
        "axis": "frame",
        "linked": True,
        # Frames are counted from 1, as the page does.
        "range": [1, total + 1],
        "series": [
            {
                "name": name,
                "role": role,
                "points": [[i + offset, y] for i, y in enumerate(curve, 1)],
            }
            for (name, role), curve in zip(names, curves, strict=True)
        ],
        "refs": [],
    }


def _objective(
    title: str,
    runs: Sequence[Sequence[Sequence[float]]],
    refs: list[dict[str, Any]],
    steps: Sequence[int] = (),
) -> list[Chart]:
    """Return the objective over optimiser steps, a line for each level of each run."""
    series = []
    for number, evaluations in enumerate(runs, 1):
        points: list[list[float | None]] = []
        for step, value in evaluations:
            # A level ends and the next begins at one step: the line is broken there.
            if points and points[-1][0] == step:
                points.append([step, None])
            points.append([step, value])
        if len(points) > 1:
            name = f"pair {number}" if len(runs) > 1 else title.lower()
            series.append({"name": name, "role": "a" if number % 2 else "b", "points": points})
    if not series:
        return []
    last = max(point[0] or 0 for each in series for point in each["points"])
    return [
        {
            "title": f"{title} on held-out draws",
            "axis": "optimiser step",
            "linked": bool(steps),
            "step": True,
            "log": bool(steps),
            "range": [0, max([last, *steps])],
            "series": series,
            "refs": refs,
        }
    ]
