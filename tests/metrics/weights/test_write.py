"""Weights written: bit by bit the same, and read by the library."""

from __future__ import annotations

import safetensors.torch
import torch

from elpips.metrics.weights.read import read_safetensors
from elpips.metrics.weights.write import safetensors_bytes

TENSORS = {"lin1": torch.rand(3, 2), "lin0": torch.arange(5.0), "half": torch.rand(7).half()}
METADATA = {"recipe": '{"é": 1}', "calibration": "own", "a": "", "z": '\\ "', "m": "日本"}


def test_the_library_reads_what_is_written() -> None:
    data = safetensors_bytes(TENSORS, METADATA)
    tensors, metadata = read_safetensors(data)
    assert metadata == METADATA and tensors.keys() == TENSORS.keys()
    for name, tensor in safetensors.torch.load(data).items():
        assert torch.equal(tensor, TENSORS[name]) and tensor.dtype == TENSORS[name].dtype


def test_the_same_numbers_give_the_same_bytes() -> None:
    turned = dict(reversed(METADATA.items()))
    files = {safetensors_bytes(TENSORS, each) for each in (METADATA, turned) for _ in range(20)}
    assert len(files) == 1
