"""Files of 1-Lipschitz networks: the checkpoints of the release, and our own.

A checkpoint of the release is a dictionary with ``model_state_dict``, whose names begin with
``module.model.`` or the like and which holds every tensor twice: as ``base.1.0.kernel`` and as
``convs.0.kernel``. It is opened with PyTorch's restricted unpickler, which makes tensors and
plain containers and nothing else. Ours are safetensors files whose metadata holds the numbers
that make the network, and the recipe.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from ..errors import InputError
from ..weights.load import weights_folder
from ..weights.read import read_safetensors, read_state_dict
from ..weights.types import Weights, WeightsError
from .metric import LipSim
from .names import checkpoint_name, listed, released_tensors
from .released import ReleasedNetwork, ReleasedSize
from .small import SmallNetwork, SmallSize

OWN = "lipsim_own.safetensors"
"""The file that comes along, in `metrics/weights`."""

ENTRY = "elpips_lipschitz"
"""The entry of the metadata of our files: JSON with ``size``, ``calibration`` and ``recipe``.

One entry, for safetensors orders several as it likes, and files shall be the same bit by bit.
"""

_NAMES = ("lipsim.safetensors", "lipsim.pth", "lipsim.pt")


def load_lipsim(path: Path | None = None, outputs: int | None = None) -> LipSim:
    """Create the metric from a file.

    Parameters
    ----------
    path
        A checkpoint of the release (``.pth``, or its tensors as ``.safetensors``) or a file
        of ours. By default ``lipsim.safetensors`` or ``lipsim.pth`` of the folder in
        ``ELPIPS_WEIGHTS``, or else the file that comes along.
    outputs
        Coordinates that a network of the release keeps, which its files do not say; 1792
        (DreamSim as the teacher) by default.

    Raises
    ------
    WeightsError
        The file cannot be read, or holds something else: what is missing or not known.
    """
    file = Path(path).expanduser() if path is not None else _default()
    tensors, metadata, sha256 = _read(file)
    label = f"user file {file.name}"
    if ENTRY in metadata:
        if outputs is not None:
            raise WeightsError(f"{file}: outputs is for networks of the release, not of ours")
        network: Any = small_network(tensors, metadata, str(file))
        label = json.loads(metadata[ENTRY]).get("calibration", label)
    else:
        network = released_network(tensors, outputs, str(file))
    record = Weights("lipsim", {}, file.name, sha256, label)
    return LipSim(network.freeze(), (record,))


def released_network(
    tensors: Mapping[str, Tensor], outputs: int | None = None, source: str = "the checkpoint"
) -> ReleasedNetwork:
    """Return a network of the release with the tensors of one of its checkpoints.

    Raises
    ------
    WeightsError
        Names that are missing or unknown, shapes that make no network, or numbers that are
        not finite.
    """
    try:
        found, depth, dense_depth = released_tensors(tensors)
        kernel, weight = found["convolutions.0.kernel"], found["dense.0.weight"]
        side = round((weight.shape[1] / kernel.shape[1]) ** 0.5) * 16
        size = ReleasedSize(depth, kernel.shape[1], dense_depth, len(weight), len(kernel), side)
        kept = min(size.outputs, size.width) if outputs is None else outputs
        if not 1 <= kept <= size.width:
            raise WeightsError(f"outputs: found {kept}, expected 1 to {size.width}")
        size = replace(size, outputs=kept)
        with torch.device("meta"):
            network = ReleasedNetwork(size)
        _fill(network, found)
    except (WeightsError, InputError) as error:
        raise WeightsError(f"{source}: {error}") from None
    return network


def small_network(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, str], source: str = "the file"
) -> SmallNetwork:
    """Return a network of ours with the tensors of one of its files; errors as above."""
    try:
        size = SmallSize(**json.loads(metadata[ENTRY])["size"])
        with torch.device("meta"):
            network = SmallNetwork(size)
        _fill(network, tensors)
    except (WeightsError, InputError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{source}: {error}") from None
    return network


def save_small(network: SmallNetwork, label: str, recipe: Mapping[str, Any]) -> bytes:
    """Return the bytes of a file of ours: the weights, what they make, and where from."""
    tensors = {name: each.detach().cpu() for name, each in network.state_dict().items()}
    about = {"size": asdict(network.size), "calibration": label, "recipe": recipe}
    return safetensors.torch.save(tensors, {ENTRY: json.dumps(about, sort_keys=True)})


def _default() -> Path:
    folder = weights_folder()
    for name in _NAMES if folder else ():
        if (file := folder / name).is_file():  # type: ignore[operator]
            return file
    return Path(__file__).parents[1] / "weights" / OWN


def _read(file: Path) -> tuple[dict[str, Tensor], dict[str, str], str]:
    """Return tensors, metadata and the SHA-256 of a file."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot read {file}: {error.strerror or error}") from None
    sha256 = hashlib.sha256(data).hexdigest()
    if file.suffix != ".safetensors":
        return read_state_dict(data, file), {}, sha256
    try:
        return *read_safetensors(data), sha256
    except WeightsError as error:
        raise WeightsError(f"{file}: {error}") from None


def _fill(network: torch.nn.Module, tensors: Mapping[str, Tensor]) -> None:
    expected = {name: tuple(each.shape) for name, each in network.state_dict().items()}
    missing, unknown = sorted(expected.keys() - tensors), sorted(tensors.keys() - expected)
    if missing or unknown:
        raise WeightsError(
            f"missing {listed([checkpoint_name(each) for each in missing])}; "
            f"unknown {listed(unknown)}"
        )
    for name, shape in expected.items():
        if (found := tuple(tensors[name].shape)) != shape:
            raise WeightsError(f"{name} has shape {found}; expected {shape}")
        if not tensors[name].is_floating_point() or not tensors[name].isfinite().all():
            raise WeightsError(f"{name} has values that are not finite floats")
    floats = {name: each.detach().float() for name, each in tensors.items()}
    network.load_state_dict(floats, assign=True)
