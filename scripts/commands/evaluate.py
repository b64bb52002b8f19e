"""``elpips evaluate``: the measures of any path of frames, whoever made it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from ...geometry import evaluate_path
from ...geometry.progress import draws_bar
from ...metrics.base import image_size
from ...metrics.tiling import Tile
from ..runs.options import MetricOptions, PictureOptions, Pictures, TheMetric, weights_record
from ..runs.path_report import evaluation_record, judge_also, report_path
from ..runs.path_setup import JudgeOptions
from ..runs.record import environment
from ..runs.seams import note_seams, seams_record
from ..runs.tables import print_json


def evaluate_command(
    frames: Annotated[Path, tyro.conf.Positional],
    *,
    pictures: Pictures = PictureOptions(),
    metric: TheMetric = MetricOptions(),
    also: str = "lpips_alex",
    tile: Tile = "none",
    draws: int = 64,
    seed: int = 0,
    json: bool = False,
) -> int:
    """Measure the path of frames in FRAMES beside the cross-fade of its ends.

    Args:
        frames: A folder of pictures (in the order of their names) or of a run, an animation, a
            file of pages or a video.
        pictures: How they are read.
        metric: Which distance.
        also: A second metric, or none.
        tile: What repeats, as of the command that made the frames: x (left and right borders
            meet), y (top and bottom), both (also --tile alone) or none.
        draws: Random draws of the ensemble, shared by all frames.
        seed: Same seed, same numbers.
        json: Print JSON with all measures.
    """
    JudgeOptions(also=also).check()
    path = pictures.read_frames(frames).to(metric.where)
    judge = metric.create().tiled(tile)
    note_seams([f"frame {index}" for index in range(len(path))], path, tile)
    with draws_bar(judge, draws) as progress:
        comparison = evaluate_path(judge, path, draws=draws, seed=seed, progress=progress)
    record = evaluation_record(comparison, judge_also(path, also, metric.metric, seed))
    record |= seams_record(path, tile)
    if json:
        print_json(
            {
                "command": "evaluate",
                "source": frames,
                "frames": len(path),
                "size": list(image_size(path)),
                "metric": metric.metric,
                "tile": tile,
                "seed": seed,
                "weights": weights_record(judge),
                "environment": environment(path.device),
                "evaluation": record,
            }
        )
    else:
        print(f"{frames}: {len(path)} frames of {path.shape[-1]} x {path.shape[-2]} pixels")
        print(report_path(record, solved=False))
    return 0
