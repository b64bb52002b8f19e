"""The table of all cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...metrics import Metric
from ...metrics.precision import precision_of
from ..runs.tables import format_table
from .comparison import TRANSFORMED_TOLERANCE, TRIES, Outcome, Tolerances
from .errors import largest

_FOOTNOTE = f"""\
rounding: the gradient's error when all that enters a convolution is changed at random by up to
2^-23 of itself, float32's rounding; the least of at most {TRIES} tries. A ReLU within rounding of
zero switches a part of the gradient on or off, in the authors' arithmetic as in ours. A
gradient that is met on the other side of such a switch passes."""


def report(
    outcomes: Sequence[Outcome],
    metrics: Mapping[str, Metric],
    tolerances: Mapping[str, Tolerances],
) -> str:
    """Return errors and verdict of each case, the worst errors, and what passes.

    ``metrics`` are what ran, and ``tolerances`` what they may err by, by the cases' names.
    """
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
    used = {precision_of(metric): tolerances[name] for name, metric in metrics.items()}
    for precision, each in used.items():
        lines.append(
            f"tolerances ({precision}): distance {each.distance:g}, gradient {each.gradient:g} "
            f"(relative), transformed image {TRANSFORMED_TOLERANCE:g} (absolute)"
        )
    return "\n".join(lines)


def _show(error: float | None) -> str:
    return "-" if error is None else f"{error:.1e}"
