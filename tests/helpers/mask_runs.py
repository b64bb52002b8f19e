"""Commands run with a mask whose left half is black."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elpips.scripts.cli import main


def check_mask(
    arguments: Sequence[str], picture: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Check what a command on images of 41 x 33 pixels does with a mask; no ``--outdir`` given.

    In ``picture`` of a run the black half is as that of a run of no steps, the white one is not;
    the mask is on record, and one of another size is refused.
    """
    mask = np.full((33, 41), 255, dtype=np.uint8)
    mask[:, :20] = 0
    Image.fromarray(mask).save(folder / "mask.png")
    arguments = [*arguments, "--mask", str(folder / "mask.png")]
    for steps, out in (("0", "start"), ("30", "out")):
        assert main([*arguments, "--steps", steps, "--outdir", str(folder / out)]) == 0
    kept, moved = (np.asarray(Image.open(folder / out / picture)) for out in ("start", "out"))
    assert np.array_equal(kept[:, :20], moved[:, :20])
    assert (kept[:, 20:] != moved[:, 20:]).any(-1).mean() > 0.9
    assert json.loads((folder / "out/run.json").read_text())["arguments"]["mask"]
    Image.fromarray(mask[1:]).save(folder / "mask.png")
    assert main([*arguments, "--outdir", str(folder / "other")]) == 2
    assert "mask.png: 41 x 32 pixels; expected 41 x 33" in capsys.readouterr().err
