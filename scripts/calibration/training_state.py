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

    The state holds tensors, plain numbers, text, and lists and dictionaries of such; the identity
    the same but tensors.
    """
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        torch.save({"identity": _flat(identity), "state": dict(state)}, file)


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
    asked = _flat(identity)
    for key in {**made, **asked}:
        if made.get(key) != asked.get(key):
            raise InputError(
                f"{path}: is of another training, with {key} {made.get(key)!r}, found "
                f"{asked.get(key)!r}; name another --outdir"
            )
    return state


def _flat(identity: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return entries by name, those of a dictionary in it as its name and theirs."""
    found: dict[str, Any] = {}
    for name, value in identity.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name} ")
        else:
            found[f"{prefix}{name}"] = list(value) if isinstance(value, tuple) else value
    return found
