"""``elpips check-parity``: our metrics against results of the authors' implementation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from torch import Tensor
from tqdm import tqdm

from ...metrics import Draw, InputError, Metric, Precision, working_copy
from ...metrics.base import image_size
from ...metrics.perceptual import PerceptualMetric
from ...metrics.precision import precision_of
from ...metrics.transforms import transform
from ...metrics.weights import UnavailableError, inventory
from ...metrics.weights.registry import TRUNK_OF
from ..runs.options import make_metric, resolve_device, weights_record
from ..runs.tables import format_table, print_json
from .cases import Case, has_ensemble, images_folder, load_crop, read_cases
from .errors import largest, largest_difference, largest_relative, relative, within

_TRUNKS = {
    "vgg16": "vgg16",
    "squeezenet": "squeezenet1_1",
    "squeezenet1_1": "squeezenet1_1",
    "alexnet": "alexnet",
}
_TOLERANCES = {"float32": (1e-4, 1e-3), "bfloat16": (0.03, 0.2)}
"""Of distances and of gradients."""
_TRANSFORMED_TOLERANCE = 1e-3
_ROUNDING = 2.0**-23
_TRIES = 32
# A larger error, in tolerances, is no matter of a few switches.
_SWITCHED = 10
_FOOTNOTE = f"""\
rounding: the gradient's error when all that enters a convolution is changed at random by up to
2^-23 of itself, float32's rounding; the least of at most {_TRIES} tries. A ReLU within rounding of
zero switches a part of the gradient on or off, in the authors' arithmetic as in ours. A
gradient that is met on the other side of such a switch passes."""


@dataclass(frozen=True)
class _Outcome:
    """Errors of one case; None for what it has no reference for.

    Attributes
    ----------
    distance, gradient, gradient_norm
        Relative errors; the gradient's is that of the L2 norm.
    rounding
        See `_FOOTNOTE`; None where the gradient is met without.
    transformed
        Largest absolute error of the transformed image, whose values are in [0, 1].
    """

    case: str
    metric: str
    passed: bool
    distance: float
    gradient: float | None
    rounding: float | None
    gradient_norm: float | None
    transformed: float | None


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
    given = tolerance, gradient_tolerance
    read = read_cases(cases)
    folder = images or images_folder(cases)
    metrics: dict[str, Metric] = {}
    outcomes = []
    with _full_precision(where):
        for case in tqdm(read, desc="check-parity", unit="case", leave=False, disable=None):
            try:
                if case.metric not in metrics:
                    made = _make_metric(case.metric, trunks, where)
                    metrics[case.metric] = working_copy(made, precision)
                x, y = (load_crop(folder, case, name) for name in (case.image, case.reference))
                pair = x.to(where), y.to(where)
                metric = metrics[case.metric]
                outcomes.append(_check(case, metric, pair, *_tolerances(metric, given)))
            except InputError as error:
                raise InputError(f"{cases}: case {case.name}: {error}") from None
    passed = all(outcome.passed for outcome in outcomes)
    if json:
        weights = {name: weights_record(metric) for name, metric in metrics.items()}
        print_json({"passed": passed, "cases": outcomes, "weights": weights})
    else:
        print(_report(outcomes, metrics, given))
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


def _tolerances(metric: Metric, given: tuple[float | None, float | None]) -> tuple[float, float]:
    """Return what is given, and else what a metric's precision allows."""
    usual = _TOLERANCES.get(precision_of(metric), _TOLERANCES["float32"])
    distance, gradient = (
        default if value is None else value for value, default in zip(given, usual, strict=True)
    )
    return distance, gradient


def _full_precision(device: torch.device) -> AbstractContextManager[None]:
    """Switch off TF32, which is a thousand times coarser than float32."""
    if device.type != "cuda":
        return nullcontext()
    return torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)


def _check(
    case: Case,
    metric: Metric,
    pair: tuple[Tensor, Tensor],
    tolerance: float,
    gradient_tolerance: float,
) -> _Outcome:
    """Compare what a metric gives on a pair of crops (1, 3, H, W) with the reference."""
    count = len(case.distance)
    size = image_size(pair[0])
    first, every = case.transformation or (metric.draw(size), metric.draw(size, batch=count))
    x, y = (image.expand(count, -1, -1, -1) for image in pair)
    distances, gradients = _measure(metric, x, y, every)
    distance = largest_relative(distances, case.distance)
    gradient = rounding = norm = transformed = None
    if case.gradient is not None:
        gradient = relative(gradients[0], case.gradient)
        near = gradient_tolerance < gradient <= _SWITCHED * gradient_tolerance
        if near and isinstance(metric, PerceptualMetric) and metric.dtype == torch.float32:
            rounding = _least_rounded(metric, pair, first, case.gradient, gradient_tolerance)
    if case.gradient_norm is not None:
        norm = largest_relative(gradients.flatten(1).norm(dim=1), case.gradient_norm)
    if case.transformed is not None:
        shown = transform(pair[0], case.transformation[0]) if case.transformation else pair[0]
        transformed = largest_difference(shown[0], case.transformed)
    passed = (
        within(distance, tolerance)
        and within(gradient if rounding is None else rounding, gradient_tolerance)
        and within(norm, gradient_tolerance)
        and within(transformed, _TRANSFORMED_TOLERANCE)
    )
    return _Outcome(case.name, case.metric, passed, distance, gradient, rounding, norm, transformed)


def _measure(metric: Metric, x: Tensor, y: Tensor, draw: Draw) -> tuple[Tensor, Tensor]:
    """Return distances (N,) and the gradients (N, 3, H, W) of their sum by x, in float64."""
    x = x.detach().clone().requires_grad_()
    with torch.no_grad():
        target = metric.embed(y, draw)
    distances = metric.distance(metric.embed(x, draw), target)
    (gradients,) = torch.autograd.grad(distances.sum(), x)
    return distances.detach().double().cpu(), gradients.double().cpu()


def _least_rounded(
    metric: PerceptualMetric,
    pair: tuple[Tensor, Tensor],
    draw: Draw,
    expected: Tensor,
    tolerance: float,
) -> float:
    """Return the least error of the gradient under random rounding; see `_FOOTNOTE`."""
    generator = torch.Generator().manual_seed(0)

    def rounded(values: Tensor) -> Tensor:
        noise = torch.rand(values.shape, generator=generator) * 2 - 1
        return values * (1 + _ROUNDING * noise).to(values.device)

    least = float("inf")
    hook = metric.trunk.register_forward_pre_hook(lambda trunk, inputs: (inputs[0], rounded))
    try:
        for _ in range(_TRIES):
            _, gradients = _measure(metric, *pair, draw)
            least = min(least, relative(gradients[0], expected))
            if least <= tolerance:
                break
    finally:
        hook.remove()
    return least


def _report(
    outcomes: Sequence[_Outcome],
    metrics: Mapping[str, Metric],
    given: tuple[float | None, float | None],
) -> str:
    columns = ["distance", "gradient", "rounding", "gradient_norm", "transformed"]
    if all(outcome.rounding is None for outcome in outcomes):
        columns.remove("rounding")
    errors = [[getattr(outcome, column) for column in columns] for outcome in outcomes]
    columns_of = zip(*errors, strict=True)
    known = ([error for error in column if error is not None] for column in columns_of)
    worst = [largest(column) if column else None for column in known]
    rows = [["case", "metric", *(column.replace("_", " ") for column in columns), ""]]
    for outcome, row in zip(outcomes, errors, strict=True):
        verdict = "PASS" if outcome.passed else "FAIL"
        rows.append([outcome.case, outcome.metric, *map(_show, row), verdict])
    rows.append(["worst", "", *map(_show, worst), ""])
    lines = [format_table(rows, "<<" + ">" * len(columns) + "<")]
    if "rounding" in columns:
        lines.append(_FOOTNOTE)
    failed = {outcome.metric: None for outcome in outcomes if not outcome.passed}
    for name in failed:
        sources = ", ".join(each.source for each in metrics[name].pretrained)
        lines.append(f"{name} ran on the weights of: {sources or 'none'}")
    lines.append(f"{sum(outcome.passed for outcome in outcomes)} of {len(outcomes)} cases pass")
    used = {precision_of(metric): _tolerances(metric, given) for metric in metrics.values()}
    for name, (tolerance, gradient_tolerance) in used.items():
        lines.append(
            f"tolerances ({name}): distance {tolerance:g}, gradient {gradient_tolerance:g} "
            f"(relative), transformed image {_TRANSFORMED_TOLERANCE:g} (absolute)"
        )
    return "\n".join(lines)


def _show(error: float | None) -> str:
    return "-" if error is None else f"{error:.1e}"
