"""Checkpoints of trainings: written now and then, gone on from by the same training only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ...metrics import InputError
from ...metrics.files import atomic_write


def write_training(path: Path, identity: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write a training's state, and what it must have been made with to be gone on from.

    Both hold tensors, plain numbers, text, and lists and dictionaries of such.
    """
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        torch.save({"identity": dict(identity), "state": dict(state)}, file)


def read_training(
    path: Path, identity: Mapping[str, Any], device: torch.device | str = "cpu"
) -> dict[str, Any] | None:
    """Return the state that a training left, onto a device; None where there is none.

    Raises
    ------
    InputError
        The file cannot be read, or is of a training with another identity: what differs is
        named.
    """
    if not path.is_file():
        return None
    try:
        content = torch.load(path, map_location=device, weights_only=True)
        made, state = dict(content["identity"]), dict(content["state"])
    # Whatever is wrong with a file, PyTorch raises nearly everything.
    except Exception as error:
        raise InputError(
            f"{path}: cannot be gone on from ({type(error).__name__}); remove it to begin anew"
        ) from None
    for key in {**made, **identity}:
        if made.get(key) != identity.get(key):
            raise InputError(
                f"{path}: is of another training, with {key} {made.get(key)!r}, found "
                f"{identity.get(key)!r}; name another --outdir"
            )
    return state
