"""What several ranks compute, and what one does: rank 0 writes both."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from elpips.geometry import AttackOptions, barycenter, geodesic
from elpips.geometry.ranks import Constant, active, joined, leads
from elpips.geometry.sharing import shared_out
from elpips.metrics import Ensemble, create_metric
from elpips.scripts.calibration.dataset import Triplets, read_families
from elpips.scripts.calibration.networks import Network, measure
from elpips.scripts.calibration.set_attack import SetAttackOptions, attack_triplets, decided
from elpips.scripts.runs import hosting
from elpips.scripts.runs.attack import AttackTask, solve_or_read_all
from elpips.scripts.runs.processes import run_processes
from tests.helpers.tiny_metric import tiny
from tests.helpers.torchrun import fork_ranks

GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.rand(3, 3, 20, 24, generator=GENERATOR)
ENSEMBLE = Ensemble(scale_levels=2)


def paths():
    """Return frames, held-out values and losses of paths of several lengths, by name."""
    found = {}
    for name, frames, options in [
        ("frames", 9, {"steps": 3, "split": "frames", "quality": "draft"}),
        ("chunks", 12, {"steps": 2, "split": "frames", "chunk": 2, "coarse_to_fine": False}),
        ("few", 3, {"steps": 2, "split": "frames"}),
        ("power", 6, {"steps": 2, "power": 2, "coarse_to_fine": False, "pixel_weight": 0.1}),
        ("draws", 5, {"steps": 2, "draws": 5, "split": "draws"}),
        ("both", 8, {"steps": 2, "draws": 2, "split": "frames", "coarse_to_fine": False}),
    ]:
        result = geodesic(IMAGES[0], IMAGES[1], frames, metric=tiny(ENSEMBLE), **options)
        found[name] = compared(result)
    for power, subset in ((1, None), (2, None), (1, 2)):
        result = barycenter(
            IMAGES, metric=tiny(ENSEMBLE), steps=2, draws=5, power=power, subset=subset
        )
        found[f"barycenter {power} {subset}"] = compared(result)
    return found


def choices(folder):
    """Return the distances of two metrics on a 2AFC set, as what is compared of a path."""
    networks = [Network(tiny(ENSEMBLE)), Network(create_metric("l2"))]
    (family,) = read_families(folder)
    seen = []
    found = measure(family, networks, 3, 7, seen.append)
    assert sum(seen) == 4 * len(family)
    return torch.cat(list(found.values())), [], []


def set_attack(folder):
    """Return the margins of a metric's choices under attack, as what is compared of a path."""
    triplets = decided(Triplets.joined([*read_families(folder)[0].batches(25)]))
    options = SetAttackOptions(steps=2, linf=(0.02,), l2=(), draws=2, batch=4)
    seen = []
    found = attack_triplets(tiny(ENSEMBLE), triplets, options, seen.append)
    assert sum(seen) == len(triplets) and len(seen) == 7
    return torch.stack([found.natural, *found.attacked.values()]), [], []


def attacks():
    """Return the images of attacks, and what is kept of them, as of a path."""
    tasks = [
        AttackTask(f"{kind}{index}", kind, IMAGES[index], IMAGES[0] if kind == "a1" else None)
        for index, kind in ((1, "a1"), (1, "a2"), (2, "a1"), (2, "a2"))
    ]
    options = AttackOptions(steps=3, evaluation_draws=2)
    with TemporaryDirectory() as folder:
        first, second = (
            solve_or_read_all(Path(folder), tasks[:count], options, metric=tiny(ENSEMBLE))
            for count in (1, 4)
        )
    assert torch.equal(first[0].image, second[0].image)
    values = [(index, each.evaluation["distance"]) for index, each in enumerate(second)]
    return torch.stack([each.image for each in second]), [], values


def shares():
    """Return the results of items, and what is raised at one that fails on another rank."""
    divisor = Constant(Network(create_metric("l2")))
    divisor.value.metric.register_buffer("whole", torch.tensor(12))
    found = [*shared_out(whole, [1, 2, 3, 4], divisor)]
    failing, values = shared_out(whole, [1, 0, 2], divisor), []
    try:
        values += failing
    except ZeroDivisionError as error:
        return found, values, str(error)
    return None


def whole(item, network):
    """Divide by an item; tell whether this rank speaks."""
    return int(network.metric.whole) // item, leads(), 1 // item


def processes():
    """Return how processes on all ranks ended: of themselves, and by Ctrl-C."""
    places = hosting.places(["auto"], None)
    ended, stopped = [], []

    def note(where):
        return lambda each: where.append((each.place.rank, each.task, each.code, each.said))

    assert not run_processes(range(5), places, lambda task, _: [str(task)], note(ended))

    def interrupt(running):
        if [each.percent for each in running] == [50] * len(places):
            raise KeyboardInterrupt

    arguments = (range(5), places, lambda task, _: ["wait"], note(stopped))
    assert run_processes(*arguments, look=interrupt)
    return places, ended, stopped


SCRIPT = """
import sys, time
if sys.argv[1] == "wait":
    print("50%|", flush=True)
    time.sleep(60)
print("told", sys.argv[1])
sys.exit(sys.argv[1] == "3")
"""


def compared(result):
    """Return the pixels, losses and held-out values of a path or barycenter."""
    solution = result.solution
    pixels = getattr(result, "frames", None)
    losses = [each.loss for each in solution.history]
    return result.image if pixels is None else pixels, losses, solution.state.evaluations


def begun(steps, run=None):
    """Return a path of some steps, from its start or from where a run stands."""
    options = {"split": "frames", "coarse_to_fine": False}
    return geodesic(IMAGES[0], IMAGES[1], 7, metric=tiny(ENSEMBLE), steps=steps, run=run, **options)


def of_items(folder):
    """Return what is shared out by items."""
    return {"choices": choices(folder), "set attack": set_attack(folder), "attacks": attacks()}


def main() -> int:
    hosting.PROGRAM = (sys.executable, "-c", SCRIPT)
    with joined() as ranks:
        if ranks.rank:
            return ranks.serve()
        shared = paths()
        folder = Path(sys.argv[1]).parent / "set"
        shared |= of_items(folder)
        others = {"shares": shares(), "processes": processes()}
        assert ranks.used and active() is ranks
        ranks.broken, alone = True, None
        assert active() is None
        alone = paths()
        alone |= of_items(folder)
        half, whole = begun(2), begun(5)
        ranks.broken = False
        resumed = begun(5, half.solution.state)
        shared["resumed"], alone["resumed"] = compared(resumed), compared(whole)
        found = {"shared": shared, "alone": alone, "size": ranks.size, **others}
        torch.save(found, sys.argv[1])
    return 0


if __name__ == "__main__":
    others = fork_ranks(int(sys.argv[2]))
    code = main()
    for each in others:
        code = code or os.waitstatus_to_exitcode(os.waitpid(each, 0)[1])
    sys.exit(code)
