"""Optical flow files: the bytes of the format, and what is refused."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
import torch

from elpips.media import read_flow, save_flow
from elpips.metrics import InputError

FLOW = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0))


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    save_flow(tmp_path / "a.flo", FLOW)
    assert torch.equal(read_flow(tmp_path / "a.flo"), FLOW)


def test_bytes_are_those_of_the_format(tmp_path: Path) -> None:
    save_flow(tmp_path / "a.flo", FLOW)
    data = (tmp_path / "a.flo").read_bytes()
    magic, width, height, right, down = struct.unpack_from("<fiiff", data)
    assert magic == 202021.25 and (width, height) == (5, 3)
    assert (down, right) == (FLOW[0, 0, 0].item(), FLOW[1, 0, 0].item())
    assert len(data) == 12 + 4 * FLOW.numel()


def test_other_files_are_refused_in_one_line(tmp_path: Path) -> None:
    save_flow(tmp_path / "a.flo", FLOW)
    whole = (tmp_path / "a.flo").read_bytes()
    for data, message in (
        (b"", "not a .flo file"),
        (b"PNG" + whole, "not a .flo file"),
        (whole[:-1], "truncated"),
        (whole[:4] + bytes(8), "truncated"),
    ):
        (tmp_path / "b.flo").write_bytes(data)
        with pytest.raises(InputError, match=message):
            read_flow(tmp_path / "b.flo")
    with pytest.raises(InputError, match=r"none\.flo: cannot be read"):
        read_flow(tmp_path / "none.flo")
    with pytest.raises(InputError, match="expected \\(2, H, W\\)"):
        save_flow(tmp_path / "c.flo", FLOW[:1])
    with pytest.raises(InputError, match="cannot be written"):
        save_flow(tmp_path / "none" / "c.flo", FLOW)
