"""The allocator's setting."""

from __future__ import annotations

import sys

import torch

from elpips.metrics import keep_freed_memory


def test_it_can_be_set_twice_and_tensors_still_come_and_go() -> None:
    assert keep_freed_memory() == keep_freed_memory()
    assert float(torch.ones(2**24).sum()) == 2**24


def test_elsewhere_nothing_is_done(monkeypatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is False
