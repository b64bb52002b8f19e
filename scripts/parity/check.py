"""``elpips check-parity``: our metrics against results of the authors' implementation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from tqdm import tqdm

from ...metrics import InputError, Metric, Precision, working_copy
from ...metrics.recipes import TRUNK_OF
from ...metrics.weights import UnavailableError, inventory
from ..runs.options import make_metric, resolve_device, weights_record
from ..runs.tables import print_json
from .cases import has_ensemble, images_folder, load_crop, read_cases
from .comparison import Outcome, Tolerances, compare_case, full_precision
from .report import report

_TRUNKS = {
    "vgg16": "vgg16",
    "squeezenet": "squeezenet1_1",
    "squeezenet1_1": "squeezenet1_1",
    "alexnet": "alexnet",
}


def check_parity_command(
    cases: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="CASES.json")],
    *,
    images: Path | None = None,
    trunk: Annotated[
        tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="NAME=FILE")
    ] = (),
    precision: Precision = "float32",
    tolerance: float | None = None,
    gradient_tolerance: float | None = None,
    device: str = "auto",
    json: bool = False,
) -> int:
    """Check distances, gradients and transformed images against reference results.

    Metrics are taken without dropout, under the transformations of the cases. The exit code
    is 1 if a case fails.

    Parameters
    ----------
    cases
        A list of cases; their arrays are in the .npz file of the same stem beside it.
    images
        The folder of the images; by default "images" beside the cases or their folder.
    trunk
        The network that the cases were made with: vgg16, squeezenet or alexnet = a file.
    precision
        Of the networks' arithmetic: float32, bfloat16, or auto: what the solvers take.
    tolerance
        Largest relative error of a distance; by default 1e-4, in bfloat16 0.03.
    gradient_tolerance
        Largest relative error of a gradient and of its norm; by default 1e-3, in bfloat16
        0.2.
    device
        auto, cpu, cuda, cuda:1, ...
    json
        Print JSON.
    """
    trunks = _parse_trunks(trunk)
    where = resolve_device(device)
    tolerances = partial(Tolerances.of, distance=tolerance, gradient=gradient_tolerance)
    read = read_cases(cases)
    folder = images or images_folder(cases)
    metrics: dict[str, Metric] = {}
    outcomes: list[Outcome] = []
    with full_precision(where):
        for case in tqdm(read, desc="check-parity", unit="case", leave=False, disable=None):
            try:
                if case.metric not in metrics:
                    made = _make_metric(case.metric, trunks, where)
                    metrics[case.metric] = working_copy(made, precision)
                metric = metrics[case.metric]
                x, y = (load_crop(folder, case, name) for name in (case.image, case.reference))
                pair = x.to(where), y.to(where)
                outcomes.append(compare_case(case, metric, pair, tolerances(metric)))
            except InputError as error:
                raise InputError(f"{cases}: case {case.name}: {error}") from None
    passed = all(outcome.passed for outcome in outcomes)
    if json:
        weights = {name: weights_record(metric) for name, metric in metrics.items()}
        print_json({"passed": passed, "cases": outcomes, "weights": weights})
    else:
        allowed = {name: tolerances(metric) for name, metric in metrics.items()}
        print(report(outcomes, metrics, allowed))
    return 0 if passed else 1


def _parse_trunks(items: tuple[str, ...]) -> dict[str, Path]:
    trunks = {}
    for item in items:
        name, _, file = item.partition("=")
        if name not in _TRUNKS or not file:
            raise InputError(
                f"--trunk {item}: expected NAME=FILE, with a name of {', '.join(_TRUNKS)}"
            )
        trunks[_TRUNKS[name]] = Path(file)
    return trunks


def _make_metric(name: str, trunks: Mapping[str, Path], device: torch.device) -> Metric:
    options: dict[str, Any] = {"dropout_keep": 1.0} if has_ensemble(name) else {}
    trunk = TRUNK_OF.get(name, "")
    try:
        return make_metric(name, device, trunk=trunks.get(trunk), **options)
    except UnavailableError as error:
        if trunk in trunks or any(each.found for each in inventory() if each.name == trunk):
            raise
        raise InputError(
            f"{name} needs --trunk {trunk}=FILE, the network that the case was made with; {error}"
        ) from None
