"""``elpips evaluate``: the measures of any path of frames, whoever made it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from ...geometry.geodesic import geodesic
from ...geometry.path_evaluation import evaluate_path
from ...geometry.progress import draws_bar
from ...media.frames import read_frames
from ...metrics.base import image_size
from ..runs.options import (
    MetricName,
    default_of,
    make_generator,
    make_metric,
    resolve_device,
    weights_record,
)
from ..runs.path_report import evaluation_record, judge_also, report_path
from ..runs.record import environment
from ..runs.tables import print_json


def evaluate_command(
    frames: Annotated[Path, tyro.conf.Positional],
    *,
    metric: MetricName = default_of(geodesic, "metric"),
    also: str = "lpips_alex",
    scale_levels: int | None = None,
    draws: int = 64,
    seed: int = 0,
    device: str = "auto",
    json: bool = False,
) -> int:
    """Measure the path of frames in FRAMES beside the cross-fade of its ends.

    Args:
        frames: A folder of pictures (in the order of their names), an animation or a video.
        metric: The distance.
        also: A second metric, or none.
        scale_levels: Levels of the E-LPIPS scale ensemble; by image size if not given.
        draws: Random draws of the ensemble, shared by all frames.
        seed: Same seed, same numbers.
        device: auto, cpu, cuda, cuda:1, ...
        json: Print JSON with all measures.
    """
    generator = make_generator(seed)
    where = resolve_device(device)
    path = read_frames(frames).to(where)
    options = {} if scale_levels is None else {"scale_levels": scale_levels}
    distance = make_metric(metric, where, **options)
    with draws_bar(distance, draws) as progress:
        comparison = evaluate_path(
            path, distance, draws=draws, generator=generator, progress=progress
        )
    record = evaluation_record(comparison, judge_also(path, also, metric, device, seed))
    if json:
        print_json(
            {
                "command": "evaluate",
                "source": frames,
                "frames": len(path),
                "size": list(image_size(path)),
                "metric": metric,
                "seed": seed,
                "weights": weights_record(distance),
                "environment": environment(where),
                "evaluation": record,
            }
        )
    else:
        print(f"{frames}: {len(path)} frames of {path.shape[-1]} x {path.shape[-2]} pixels")
        print(report_path(record, solved=False))
    return 0
