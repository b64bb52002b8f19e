"""What a report says of a run: certificate in words and numbers, by the record in ``run.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .barycenter import barycenter_notes
from .path_report import path_notes, shown

Record = Mapping[str, Any]
Row = tuple[str, ...]

_PATH_COLUMNS = (
    ("length", "length", ".4f"),
    ("excess", "excess", ".1%"),
    ("energy", "energy", ".4f"),
    ("PPL", "normalized_ppl", ".3f"),
    ("step variation", "uniformity_cv", ".3f"),
    ("contrast", "mid_contrast", ".2f"),
    ("detail", "high_band_ratio", ".2f"),
    ("overlay", "overlay", ".2f"),
    ("motion", "motion", ".2f"),
)


@dataclass
class Words:
    """What is said of a run.

    Attributes
    ----------
    tiles
        Name, number and what it means, for the page's head.
    words, warnings
        Sentences.
    columns, rows
        A table; each row begins with its name.
    """

    tiles: list[tuple[str, str, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)


def words_of(record: Record) -> Words:
    """Return what is said of a run."""
    command, evaluation = record["command"], record.get("evaluation")
    if "source_rate" in record:
        return _footage(record)
    if evaluation is None:
        return Words(words=["The run ended before its result was judged; --resume goes on."])
    if command == "morph":
        return _morph(evaluation)
    return {"barycenter": _barycenter, "attack": _attack}.get(command, _path)(evaluation)


def _excess(evaluation: Record) -> str:
    value = evaluation["excess"]
    return shown(None if value is None else max(value, 0.0), ".1%")


def _sentence(note: str) -> str:
    return f"{note[0].upper()}{note[1:]}.".replace("+-", "±")


def _path(evaluation: Record) -> Words:
    fade = evaluation["baseline"]
    found = Words(
        tiles=[
            ("Excess", _excess(evaluation), "longer than any path must be, at most"),
            (
                "Energy",
                shown(evaluation["energy"], ".3f"),
                f"cross-fade {shown(fade['energy'], '.3f')}",
            ),
            (
                "Overlay",
                shown(evaluation["overlay"], ".0%"),
                "of the middle's detail; by chance "
                f"{shown(evaluation['overlay_by_chance'], '.0%')}",
            ),
            (
                "Detail",
                shown(evaluation["high_band_ratio"], ".2f"),
                "in the middle; the ends' is 1",
            ),
        ],
        words=[
            "No path of images between the two ends is shorter than "
            f"{shown(evaluation['chord'], '.4f')}, the straight line between them in the "
            "metric's feature space. This path is "
            f"{shown(evaluation['length'], '.4f')} long, so that it is at most "
            f"{_excess(evaluation)} longer than the shortest there is; the cross-fade's "
            f"excess is {_excess(fade)}.",
            "That is a bound, not an error: hardly any of the straight line is images, and nobody "
            f"knows how close a path can come. It was measured on {evaluation['draws']} draws that "
            "neither the optimisation nor the choice of its result has seen.",
        ],
        warnings=[_sentence(note) for note in path_notes(dict(evaluation), solved=True)],
        columns=("", *(title for title, _, _ in _PATH_COLUMNS)),
        rows=_path_rows(evaluation, "this path"),
    )
    if residuals := evaluation.get("residuals"):
        ours, others = (max(each) for each in (residuals, fade["residuals"]))
        found.words.append(
            f"Gradient left at the frames: at most {ours:.2g}; at the cross-fade's {others:.2g}."
        )
    if moving := evaluation.get("moving"):
        found.words.append(
            f"With motion for free ({shown(moving['displacement'], '.2g')} pixels a transition) "
            f"its energy is {shown(moving['energy'], '.4f')} ± "
            f"{shown(moving['energy_error'], '.1g')}."
        )
    if also := evaluation.get("also"):
        found.rows += _path_rows(also, f"this path under {also['metric']}")
    return found


def _path_rows(evaluation: Record, name: str) -> list[Row]:
    under = name.partition(" under ")[2]
    names = (name, f"cross-fade under {under}" if under else "cross-fade")
    return [
        (title, *(shown(each[key], form) for _, key, form in _PATH_COLUMNS))
        for title, each in zip(names, (evaluation, evaluation["baseline"]), strict=True)
    ]


def _morph(evaluation: Record) -> Words:
    segments: Sequence[Record] = evaluation["segments"]
    worst = max(segments, key=lambda each: each["excess"] or 0.0)
    found = Words(
        tiles=[
            ("Pairs", str(len(segments)), "geodesics, one after the other"),
            ("Excess", _excess(worst), "longer than any path must be, at most, in the worst pair"),
            (
                "Step variation",
                shown(evaluation["uniformity_cv"], ".2f"),
                f"cross-fades {shown(evaluation['baseline']['uniformity_cv'], '.2f')}",
            ),
        ],
        words=[
            "Of each pair, no path of images is shorter than the straight line between them in "
            "the metric's feature space; excess says by how much more the geodesic is longer than "
            "that, at most. It is a bound, not an error, measured on draws that neither the "
            "optimisation nor the choice of its result has seen."
        ],
        columns=("", *(title for title, _, _ in _PATH_COLUMNS)),
    )
    for number, each in enumerate(segments, 1):
        path, fade = _path_rows(each, f"pair {number}")
        found.rows += [path, (f"pair {number}, cross-fade", *fade[1:])]
        notes = path_notes(dict(each), solved=True)
        found.warnings += [f"Pair {number}: {note.replace('+-', '±')}." for note in notes]
    return found


def _barycenter(evaluation: Record) -> Words:
    mean, bound = evaluation["baseline"], evaluation["lower_bound"]
    best = min((each["objective"] for each in evaluation["inputs"]), default=None)
    return Words(
        tiles=[
            (
                "Objective",
                shown(evaluation["objective"], ".4f"),
                f"pixel mean {shown(mean['objective'], '.4f')}",
            ),
            ("Excess", _excess(evaluation), "above what no image is below, at most"),
            ("Detail", shown(evaluation["high_band_ratio"], ".2f"), "the inputs' is 1"),
            ("Overlay", shown(evaluation["overlay"], ".0%"), "of its detail is a mix of theirs"),
        ],
        words=[
            f"No image has a lower summed distance to the inputs than {shown(bound, '.5f')}, by "
            f"the triangle inequality. This one's is {shown(evaluation['objective'], '.5f')} ± "
            f"{shown(evaluation['standard_error'], '.5f')}: at most {_excess(evaluation)} above "
            "the least there is. That is a bound, not an error, measured on "
            f"{evaluation['draws']} draws that nothing else has seen."
        ],
        warnings=[_sentence(note) for note in barycenter_notes(evaluation)],
        columns=("", "objective", "±", "detail", "overlay"),
        rows=[
            _value_row("barycenter", evaluation),
            _value_row("pixel mean", mean),
            ("best input", shown(best, ".5f"), "", "", ""),
            ("lower bound", shown(bound, ".5f"), "", "", ""),
        ],
    )


def _value_row(name: str, value: Record) -> Row:
    return (
        name,
        shown(value["objective"], ".5f"),
        shown(value["standard_error"], ".5f"),
        shown(value["high_band_ratio"], ".2f"),
        shown(value["overlay"], ".2f"),
    )


def _attack(each: Record) -> Words:
    words = [
        "The attacked image differs from the source by "
        f"{shown(each['relative_l2'], '.2f')} times the pixel difference of the anchor, a copy "
        f"with a little noise. The metric's distance of it is "
        f"{shown(each['relative_distance'], '.3f')} ± "
        f"{shown(each['relative_distance_error'], '.3f')} times the anchor's, on "
        f"{each['draws']} fresh draws."
    ]
    if each["target_l2"] is not None:
        words.append(
            f"{shown(each['target_l2'], '.1%')} of the pixel difference to the target is left."
        )
    return Words(
        tiles=[
            ("Pixel change", f"{shown(each['relative_l2'], '.2f')} times", "the anchor's (L2)"),
            (
                "Distance",
                f"{shown(each['relative_distance'], '.2f')} times",
                "the anchor's, by the metric",
            ),
        ],
        words=words,
        columns=("", "L2 / anchor's", "distance", "±"),
        rows=[
            (
                "anchor",
                "1.00",
                shown(each["level"], ".5f"),
                shown(each["level_error"], ".5f"),
            ),
            (
                "attack",
                shown(each["relative_l2"], ".2f"),
                shown(each["distance"], ".5f"),
                shown(each["distance_error"], ".5f"),
            ),
        ],
    )


def _footage(record: Record) -> Words:
    written = record.get("written", 0)
    return Words(
        tiles=[
            ("Frames", f"{record['frames']:,}", "of the result"),
            ("Rate", f"{record['rate']:g}", f"a second; the source {record['source_rate']:g}"),
            ("Cuts", str(record.get("cuts", 0)), "held, not bridged"),
        ],
        words=[
            f"{written:,} frames were computed, {record.get('kept', 0):,} kept from a run before; "
            f"{record.get('still', 0):,} intervals stand still."
        ],
        warnings=["The run was interrupted; --resume goes on."] if record["interrupted"] else [],
    )
