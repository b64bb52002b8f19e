"""Files that hold a metric whole, its network and its linear layers, as R-LPIPS's do [1]_.

Official files are flat state dictionaries, ``torch.save``d: ``net.slice1.0.weight``, ...,
``lin0.model.1.weight``, ..., the latter again as ``lins.0.model.1.weight``. They have no
registered hash, so PyTorch's restricted unpickler reads them, which makes tensors and plain
containers and nothing else. Ours are safetensors of ``features.0.weight``, ..., ``lin0``, ...

A network in a file is never passed over: `load_parts` takes it, and what is missing or unknown
is an error that names it.

References
----------
.. [1] Ghazanfari et al., "R-LPIPS: An Adversarially Robust Perceptual Similarity Metric",
   arXiv 2307.15157; key layout of its released ``checkpoints/*.pth``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..recipes import CHANNELS, RECIPES
from ..trunks import INPUT_SCALE, INPUT_SHIFT
from .load import load_linear, load_trunk, weights_folder
from .read import fit, read_safetensors, read_state_dict
from .registry import ASSETS
from .types import Weights, WeightsError

# By trunk: its slices, each with the numbers of its convolutions in torchvision's stack.
_SLICES: dict[str, tuple[tuple[int, ...], ...]] = {
    "alexnet": ((0,), (3,), (6,), (8,), (10,)),
    "vgg16": ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)),
}
# What the LPIPS package's own class adds to the state dictionary, and R-LPIPS's does not.
_SCALING = {"scaling_layer.shift": INPUT_SHIFT, "scaling_layer.scale": INPUT_SCALE}
_PICKLES = (".pth", ".pt")
_SHOWN = 4


def load_parts(
    metric: str, trunk: Path | None = None, linear: Path | Weights | None = None
) -> tuple[Weights, Weights]:
    """Load a metric's network and linear layers.

    Parameters
    ----------
    metric
        A metric of `recipes.RECIPES`.
    trunk, linear
        Files as of `load_trunk` and `load_linear`, or loaded linear layers. For an R-LPIPS metric
        either may be a file that holds both, and gives what the other one does not. Without
        either, such a file in the folder ``ELPIPS_WEIGHTS``, named like the metric, is taken.

    Raises
    ------
    WeightsError
        As of these, and as of `read_whole`.
    """
    recipe = RECIPES[metric]
    if recipe.whole and trunk is None and linear is None:
        linear = _in_folder(metric)
    file = None if isinstance(linear, Weights) else linear
    by_trunk = _whole(trunk, metric) if recipe.whole else None
    by_linear = _whole(file, metric) if recipe.whole else None
    if by_trunk is not None:
        network = by_trunk[0]
    elif by_linear is not None and trunk is None:
        network = by_linear[0]
    else:
        network = load_trunk(recipe.trunk, trunk)
    if isinstance(linear, Weights):
        return network, linear
    if by_linear is not None:
        return network, by_linear[1]
    if by_trunk is not None and file is None:
        return by_trunk
    return network, load_linear(metric, file)


def read_whole(path: Path, metric: str) -> tuple[Weights, Weights] | None:
    """Read a file with the network and the linear layers of an R-LPIPS metric.

    Returns
    -------
    tuple of Weights, or None
        None where the file is another that `load_trunk` or `load_linear` reads: registered, or
        with one of the parts only.

    Raises
    ------
    WeightsError
        The file cannot be read, admits no safe reading, lacks a key or has one that is not
        known, or its tensors do not fit.
    """
    try:
        data = Path(path).expanduser().read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from None
    sha256 = hashlib.sha256(data).hexdigest()
    if path.suffix == ".safetensors":
        with _naming(path):
            tensors, metadata = read_safetensors(data)
        if not all(any(n.startswith(part) for n in tensors) for part in ("features.", "lin")):
            return None
        calibration = metadata.get("calibration")
        names = {name: name for name in _plain_names(metric)}
    elif path.suffix in _PICKLES and sha256 not in _registered():
        tensors, calibration = read_state_dict(data, path), None
        names = {key: name for name, key in _official_names(metric).items()}
        tensors = _without_aliases(tensors, path)
    else:
        return None
    _check_names(path, tensors, names)
    renamed = {names[key]: value for key, value in tensors.items()}
    recipe = RECIPES[metric]
    with _naming(path):
        trunk = fit(recipe.trunk, {n: v for n, v in renamed.items() if not n.startswith("lin")})
        linear = fit(metric, {n: v for n, v in renamed.items() if n.startswith("lin")})
    source = str(path)
    return (
        Weights(recipe.trunk, trunk, source, sha256),
        Weights(metric, linear, source, sha256, calibration or f"user file {path.name}"),
    )


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Have errors begin with the name of a file."""
    try:
        yield
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from None


def _whole(path: Path | None, metric: str) -> tuple[Weights, Weights] | None:
    if path is None or Path(path).expanduser().is_dir():
        return None
    return read_whole(Path(path).expanduser(), metric)


def _in_folder(metric: str) -> Path | None:
    folder = weights_folder()
    files = (
        [folder / f"{metric}{suffix}" for suffix in (".safetensors", *_PICKLES)] if folder else []
    )
    return next((file for file in files if file.is_file()), None)


def _registered() -> set[str]:
    return {file.sha256 for a in ASSETS.values() for s in a.sources for file in (s, s.download)}


def _without_aliases(tensors: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Drop the second names of linear layers, and the input scaling, once they are checked."""
    kept = {}
    for key, value in tensors.items():
        original = key.replace("lins.", "lin", 1) if key.startswith("lins.") else None
        if original is not None and original in tensors:
            if not torch.equal(value, tensors[original]):
                raise WeightsError(f"{path}: {key} and {original} differ; expected one tensor")
        elif key in _SCALING:
            if not torch.allclose(value.flatten().float(), _SCALING[key], atol=1e-6):
                raise WeightsError(f"{path}: {key} is not LPIPS v0.1's")
        else:
            kept[key] = value
    return kept


def _check_names(path: Path, found: Mapping[str, Any], expected: Mapping[str, str]) -> None:
    for what, keys in (
        ("lacks", expected.keys() - found),
        ("has unknown", found.keys() - expected),
    ):
        if keys:
            shown = ", ".join(sorted(keys)[:_SHOWN]) + (" ..." if len(keys) > _SHOWN else "")
            raise WeightsError(f"{path}: {what} {shown}; expected network and linear layers")


def _plain_names(metric: str) -> list[str]:
    convolutions = [index for slice_ in _SLICES[RECIPES[metric].trunk] for index in slice_]
    names = [f"features.{index}.{part}" for index in convolutions for part in ("weight", "bias")]
    return names + [f"lin{index}" for index in range(len(CHANNELS[metric]))]


def _official_names(metric: str) -> dict[str, str]:
    """Return the keys of the released files by our names."""
    names = {f"lin{index}": f"lin{index}.model.1.weight" for index in range(len(CHANNELS[metric]))}
    for number, indices in enumerate(_SLICES[RECIPES[metric].trunk], 1):
        for index in indices:
            for part in ("weight", "bias"):
                names[f"features.{index}.{part}"] = f"net.slice{number}.{index}.{part}"
    return names
