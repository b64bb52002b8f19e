"""Reports of runs: one page made of what their folders hold, and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from ...media import choose_rows, list_images
from ...media.report import save_report
from ...metrics import InputError
from .command_line import command_line
from .files import plain, read_json
from .report_charts import charts_of
from .report_frames import MOST_BYTES, Shown, read_shown, show_frames, show_picture
from .report_words import words_of

REPORT = "report.html"
"""The name of a run's report."""

_COMMANDS = ("geodesic", "morph", "interpolate", "materials", "barycenter", "attack")


@dataclass(frozen=True)
class _Pictures:
    """Sources of pictures; the first is what the run has found."""

    sources: list[dict[str, Any]]
    note: str = ""
    steps: tuple[int, ...] = ()
    row: int | None = None


def write_report(path: Path, runs: Sequence[Path]) -> None:
    """Write the report of one run, or of several beside each other.

    Parameters
    ----------
    path
        The HTML file.
    runs
        Folders of runs.

    Raises
    ------
    InputError
        In one line: there is no run, its record or pictures cannot be read, or the file cannot
        be written.
    """
    found = [_run(folder, MOST_BYTES // len(runs)) for folder in runs]
    # Two runs may be called alike.
    names = [run["name"] for run in found]
    for number, run in enumerate(found, 1):
        if names.count(run["name"]) > 1:
            run["name"] = f"{run['name']} ({number})"
    several = len(found) > 1
    content = {
        "title": " and ".join(run["name"] for run in found) if several else found[0]["title"],
        "summary": f"{len(found)} runs beside each other" if several else found[0]["summary"],
        "made": f"Made by elpips {found[0]['version'] or ''}".strip(),
        "runs": found,
    }
    save_report(path, plain(content))


def _run(folder: Path, most_bytes: int) -> dict[str, Any]:
    """Return what a report holds of a run."""
    if not (folder / "run.json").is_file():
        raise InputError(f"{folder}: holds no run.json; expected the folder of a run")
    record = read_json(folder / "run.json")
    command = record.get("command") if isinstance(record, dict) else None
    if command not in _COMMANDS:
        raise InputError(
            f"{folder}: is a run of {command!r}, of which there is no report; expected one of "
            f"{', '.join(_COMMANDS)}"
        )
    try:
        return _content(folder, record, most_bytes)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        why = f"{type(error).__name__}: {error}"
        raise InputError(
            f"{folder / 'run.json'}: is no record of a run as expected ({why})"
        ) from error


def _content(folder: Path, record: dict[str, Any], most_bytes: int) -> dict[str, Any]:
    command, arguments = record["command"], record["arguments"]
    found = _pictures(folder, record, most_bytes)
    words, names = words_of(record), _names(arguments)
    joined = ", " if command in ("barycenter", "attack") else " to "
    size = record.get("size")
    parts = [
        f"attack {arguments.get('kind')}" if command == "attack" else command,
        f"{size[1]} x {size[0]} pixels" if size else "",
        str(arguments.get("metric", "")),
        str(record.get("result", "")),
    ]
    closed = command == "morph" and bool(arguments.get("loop"))
    return {
        "name": folder.resolve().name or str(folder),
        "title": joined.join(names) or command,
        "summary": " · ".join(part for part in parts if part),
        "version": record["environment"].get("elpips-geometry"),
        "sources": found.sources,
        "note": found.note,
        "steps": found.steps,
        "row": found.row,
        "beside": 1,
        "period": _period(record),
        "boomerang": bool(arguments.get("boomerang", True)) and not closed
        and command != "barycenter" and "source_rate" not in record,
        "loop": command != "barycenter",
        "charts": charts_of(record, found.steps) if "source_rate" not in record else [],
        "tiles": words.tiles,
        "words": words.words,
        "warnings": words.warnings,
        "table": {"columns": words.columns, "rows": words.rows},
        "command": command_line(command, arguments),
        "facts": _facts(record),
    }  # fmt: skip


def _names(arguments: Mapping[str, Any]) -> list[str]:
    """Return how the inputs are called."""
    files = [arguments.get(name) for name in ("start", "end", "source", "target")]
    files += arguments.get("images") or []
    return [Path(each).stem for each in files if each]


def _period(record: Mapping[str, Any]) -> float:
    """Return for how many milliseconds a frame is shown."""
    rate = record.get("rate") or record["arguments"].get("fps")
    return 1000 / rate if rate else record["arguments"].get("duration") or 200


def _pictures(folder: Path, record: Mapping[str, Any], most_bytes: int) -> _Pictures:
    if record["command"] == "barycenter":
        return _barycenter(folder, record)
    if record["command"] == "attack":
        names = ["attack", "anchor"]
        paths = [*(folder / f"{name}.png" for name in names), *_inputs(folder)]
        called = [*names, *_names(record["arguments"])]
        sources = [_still(name, path) for name, path in zip(called, paths, strict=False)]
        # The attacked image beside its source.
        return _Pictures([sources[0], sources[2], sources[1], *sources[3:]])
    if "source_rate" in record:
        return _footage(folder, record, most_bytes)
    return _path(folder, record, most_bytes)


def _path(folder: Path, record: Mapping[str, Any], most_bytes: int) -> _Pictures:
    paths = _frames(folder)
    evaluation = record.get("evaluation") or {}
    total = len(paths)
    if record["command"] == "morph" and evaluation:
        ends = [0, *accumulate(len(each["steps"]) for each in evaluation["segments"])]
    else:
        ends = [0, total - 1]
    maps = [kind for kind in record.get("maps", {}) if kind != "base"]
    most_bytes //= 1 + len(maps)
    shown = show_frames(paths, keep=ends, most_bytes=most_bytes)
    # Of a circle, the frame after the last is the first.
    fade = [[first, last, 0 if last == total else last] for first, last in pairwise(ends)]
    called = {"morph": "path", "materials": "base"}.get(record["command"], record["command"])
    sources = [
        _moving(called, shown),
        {**_moving("cross-fade", shown), "pictures": [], "fade": fade},
        *(
            _moving(kind, show_frames(list_images(folder / kind), keep=ends, most_bytes=most_bytes))
            for kind in maps
        ),
    ]
    rows = record["arguments"].get("rows") or ()
    return _Pictures(sources, shown.note, row=_row(paths, shown, *rows[:1]))


def _row(paths: Sequence[Path], shown: Shown, given: int | None = None) -> int | None:
    """Return the row of the slice, given or where it shows most; of scaled frames none."""
    import torch

    if "scaled" in shown.note:
        return None
    if given is not None:
        return given
    few = shown.at[:: max(1, len(shown.at) // 8)]
    frames = [read_shown(paths[index]) for index in few]
    return choose_rows(torch.stack(frames), 1)[0]


def _footage(folder: Path, record: Mapping[str, Any], most_bytes: int) -> _Pictures:
    paths = _frames(folder)
    shown = show_frames(paths, consecutive=True, most_bytes=most_bytes)
    sources = [_moving("result", shown)]
    factor = record["rate"] / record["source_rate"]
    if factor == int(factor) > 1:
        held = [index - index % int(factor) for index in shown.at]
        sources.append({**_moving("source, each frame held", shown), "pictures": [], "held": held})
    return _Pictures(sources, shown.note, row=_row(paths, shown))


def _barycenter(folder: Path, record: Mapping[str, Any]) -> _Pictures:
    """Return the image as it was found, step by step, the pixel mean and the inputs."""
    last = int(record["best_step"])
    kept = sorted((folder / "snapshots").glob("*.png"))
    kept = [path for path in kept if path.stem.isdigit() and int(path.stem) < last]
    steps = (*(int(path.stem) for path in kept), last)
    paths = [*kept, folder / "barycenter.png"]
    moving = {
        "name": "barycenter",
        "pictures": [show_picture(path)[0] for path in paths],
        "at": list(range(len(paths))),
        "total": len(paths),
        "labels": [f"step {step}" for step in steps],
    }
    names = _names(record["arguments"])
    stills = [_still(name, path) for name, path in zip(names, _inputs(folder), strict=False)]
    return _Pictures([moving, _still("pixel mean", folder / "mean.png"), *stills], steps=steps)


def _frames(folder: Path) -> list[Path]:
    """Return the files of the frames, in whatever format they are written."""
    exr = sorted((folder / "frames").glob("*.exr"))
    return exr or list_images(folder / "frames")


def _inputs(folder: Path) -> list[Path]:
    return list_images(folder / "inputs")


def _moving(name: str, shown: Shown) -> dict[str, Any]:
    return {"name": name, "pictures": shown.urls, "at": shown.at, "total": shown.total}


def _still(name: str, path: Path) -> dict[str, Any]:
    return {"name": name, "pictures": [show_picture(path)[0]], "at": [0], "total": 1}


def _facts(record: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return how a run was made: groups of names and values."""
    run = {
        name: record.get(name)
        for name in ("result", "seed", "steps", "best_step", "draws", "precision")
    }
    seconds = record.get("seconds")
    seconds = seconds if isinstance(seconds, dict) else {"total": seconds}
    times = {f"{name} seconds": round(value, 1) for name, value in seconds.items() if value}
    weights = [
        (
            each["name"],
            ", ".join(
                filter(None, [each["calibration"], each["source"], f"SHA-256 {each['sha256']}"])
            ),
        )
        for each in record.get("weights") or []
    ]
    groups = [
        ("Run", _pairs({**run, **times})),
        ("Options", _pairs(record["arguments"])),
        ("Weights", weights),
        ("Ensemble", _pairs(record.get("ensemble") or {})),
        ("Environment", _pairs(record["environment"])),
    ]
    return [(name, pairs) for name, pairs in groups if pairs]


def _pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name.replace("_", " "), _text(value))
        for name, value in values.items()
        if value is not None
    ]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(_text, value)) if isinstance(value, list) else str(value)
