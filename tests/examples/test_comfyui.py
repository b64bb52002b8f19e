"""The nodes for ComfyUI, called as it calls them, without it."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import torch

from elpips import InputError
from house import ROOT

FOLDER = ROOT / "examples" / "comfyui"
SMALL = {"metric": "l2", "seed": 0, "quality": "draft", "steps": 3}


@pytest.fixture(scope="module")
def package() -> Iterator[ModuleType]:
    """Load the folder as ComfyUI loads one of its custom nodes."""
    spec = importlib.util.spec_from_file_location("custom_nodes_elpips", FOLDER / "__init__.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    for name in [name for name in sys.modules if name.startswith(spec.name)]:
        del sys.modules[name]


def batch(count: int, height: int = 20, width: int = 16, channels: int = 3) -> torch.Tensor:
    return torch.rand(
        count, height, width, channels, generator=torch.Generator().manual_seed(count)
    )


@torch.inference_mode()
def call(package: ModuleType, name: str, **inputs: Any) -> tuple[Any, ...]:
    """Call a node as ComfyUI does: by its FUNCTION, in inference mode."""
    node = package.NODE_CLASS_MAPPINGS[name]()
    # What comes from other nodes was made in inference mode.
    made = {key: each.clone() if torch.is_tensor(each) else each for key, each in inputs.items()}
    found = getattr(node, node.FUNCTION)(**made)
    assert len(found) == len(node.RETURN_TYPES)
    return found


def test_every_node_is_as_comfyui_expects(package: ModuleType) -> None:
    assert package.NODE_CLASS_MAPPINGS.keys() == package.NODE_DISPLAY_NAME_MAPPINGS.keys()
    for node in package.NODE_CLASS_MAPPINGS.values():
        inputs = node.INPUT_TYPES()
        assert set(inputs) <= {"required", "optional", "hidden"}
        parameters = inspect.signature(node.compute).parameters
        optional = {name for name, each in parameters.items() if each.default is not each.empty}
        assert set(inputs["required"]) == set(parameters) - optional - {"self"}
        assert set(inputs.get("optional", {})) == optional
        assert node.CATEGORY and callable(getattr(node, node.FUNCTION))
        assert len(getattr(node, "RETURN_NAMES", node.RETURN_TYPES)) == len(node.RETURN_TYPES)
        for kind, *more in {**inputs["required"], **inputs.get("optional", {})}.values():
            assert isinstance(kind, (str, list))
            if more and "min" in more[0]:
                assert more[0]["min"] <= more[0]["default"] <= more[0]["max"]


def test_a_morph_is_the_frames_of_each_pair(package: ModuleType) -> None:
    start, end = batch(2, channels=4), batch(1, 26, 26)
    (frames,) = call(package, "ElpipsMorph", start=start, end=end, frames=3, motion=0.0, **SMALL)
    assert frames.shape == (6, 20, 16, 3) and frames.dtype == torch.float32
    assert not frames.requires_grad and 0 <= frames.min() and frames.max() <= 1
    torch.testing.assert_close(frames[[0, 3]], start[..., :3])
    torch.testing.assert_close(frames[2], frames[5])


def test_batches_of_other_lengths_are_refused(package: ModuleType) -> None:
    with pytest.raises(InputError, match="3 start and 2 end"):
        call(package, "ElpipsMorph", start=batch(3), end=batch(2), frames=3, motion=0.0, **SMALL)


def test_a_barycenter_lies_between_weighted(package: ModuleType) -> None:
    images = torch.stack([torch.full((16, 16, 3), level) for level in (0.2, 0.6)])
    inputs = {"init": "blend", **SMALL}
    (found,) = call(package, "ElpipsBarycenter", images=images, weights="3, 1", **inputs)
    assert found.shape == (1, 16, 16, 3)
    torch.testing.assert_close(found, torch.full_like(found, 0.3), atol=0.02, rtol=0)
    (joined,) = call(
        package,
        "ElpipsBarycenter",
        images=images[:1],
        more_images=images[1:],
        weights="3,1",
        **inputs,
    )
    torch.testing.assert_close(joined, found)
    with pytest.raises(InputError, match="numbers with commas"):
        call(package, "ElpipsBarycenter", images=images, weights="a lot", **inputs)


def test_a_distance_is_a_number_and_a_line_for_each(package: ModuleType) -> None:
    black, grey = torch.zeros(2, 16, 16, 3), torch.full((1, 16, 16, 3), 0.5)
    distance, report = call(
        package,
        "ElpipsDistance",
        images=black,
        reference=grey,
        relative_error=0.05,
        metric="l2",
        seed=0,
    )
    assert distance == pytest.approx(0.25) and report.splitlines() == [
        "0: 0.25 ± 0",
        "1: 0.25 ± 0",
    ]
