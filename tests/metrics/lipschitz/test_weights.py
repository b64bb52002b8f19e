"""Files of 1-Lipschitz networks: the release's layout and ours, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch

from elpips.metrics import create_metric
from elpips.metrics.lipschitz import load_lipsim
from elpips.metrics.lipschitz.released import ReleasedNetwork
from elpips.metrics.lipschitz.weights import ENTRY, OWN, save_small
from elpips.metrics.weights import WeightsError
from lipsim_files import RELEASED, random_small, released_state, save_released
from random_images import images, rng


@pytest.mark.parametrize("prefix", ["module.model.", "module.backbone.model.", "model.", ""])
def test_checkpoints_of_the_release_load(tmp_path: Path, prefix: str) -> None:
    network = ReleasedNetwork(RELEASED, rng())
    path = save_released(tmp_path / "model.pth", released_state(network, prefix))
    metric = load_lipsim(path, outputs=20)
    x = images(2, 32, 32)
    torch.testing.assert_close(metric.features(x), network(x))
    (record,) = metric.pretrained
    assert record.source == "model.pth" and len(record.sha256) == 64
    # By default as many coordinates as the release keeps, or all.
    assert load_lipsim(path).features(x).shape == (2, 8 * 2 * 2)


def test_one_copy_of_each_tensor_suffices_also_as_safetensors(tmp_path: Path) -> None:
    network = ReleasedNetwork(RELEASED, rng())
    state = {k: v for k, v in released_state(network).items() if ".base." in k}
    path = tmp_path / "lipsim.safetensors"
    safetensors.torch.save_file(state, path)
    x = images(1, 32, 32)
    torch.testing.assert_close(
        create_metric("lipsim", trunk=path, outputs=20).features(x), network(x)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: [s.pop(f"module.model.{k}.1.q") for k in ("base.1", "convs")],
            r"missing base.1.1.q",
        ),
        (
            lambda s: [s.pop(k) for k in [*s] if "base.2" in k or "linear" in k],
            "missing base.2.1.weight",
        ),
        (lambda s: s.update({"module.model.last.weight": torch.ones(2)}), "unknown .*last.weight"),
        (
            lambda s: s.update({"module.model.convs.0.bias": torch.ones(1, 5, 1, 1)}),
            "differs from its",
        ),
        (
            lambda s: s.update(
                {f"module.model.{k}.2.bias": torch.ones(1, 4, 1, 1) for k in ("base.1", "convs")}
            ),
            "has shape",
        ),
        (lambda s: s["module.model.base.1.0.kernel"].fill_(torch.nan), "finite|differs"),
    ],
)
def test_what_is_missing_unknown_or_damaged_is_named(tmp_path: Path, change, message) -> None:
    state = {k: v.clone() for k, v in released_state(ReleasedNetwork(RELEASED, rng())).items()}
    change(state)
    path = save_released(tmp_path / "model.pth", state)
    with pytest.raises(WeightsError, match=message) as caught:
        load_lipsim(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_classes_in_a_checkpoint_are_refused(tmp_path: Path) -> None:
    state = released_state(ReleasedNetwork(RELEASED, rng()))
    path = save_released(tmp_path / "model.pth", state, extra=Path("a"))
    with pytest.raises(WeightsError, match="no state dictionary can be read"):
        load_lipsim(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.pth"
    torch.save([1, 2], path)
    with pytest.raises(WeightsError, match="a flat dictionary of tensors"):
        load_lipsim(path)
    with pytest.raises(WeightsError, match="cannot read"):
        load_lipsim(tmp_path / "none.pth")
    (tmp_path / "broken.safetensors").write_bytes(b"12345678 no")
    with pytest.raises(WeightsError):
        load_lipsim(tmp_path / "broken.safetensors")


def test_files_of_ours_are_read_back(tmp_path: Path) -> None:
    network = random_small()
    path = tmp_path / "mine.safetensors"
    path.write_bytes(save_small(network, "a label", {"steps": 1}))
    metric = load_lipsim(path)
    x = images(2, 16, 16)
    torch.testing.assert_close(metric.features(x), network(x), rtol=1e-4, atol=1e-4)
    assert metric.pretrained[0].calibration == "a label"
    with pytest.raises(WeightsError, match="outputs is for"):
        load_lipsim(path, outputs=3)
    tensors = safetensors.torch.load_file(path)
    tensors.pop("rest")
    safetensors.torch.save_file(tensors, path, {ENTRY: '{"size": {"side": 16, "scales": 3}}'})
    with pytest.raises(WeightsError, match=r"missing rest; unknown none"):
        load_lipsim(path)


def test_the_folder_of_weights_comes_before_the_file_that_comes_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ELPIPS_WEIGHTS", raising=False)
    own = create_metric("lipsim")
    assert own.pretrained[0].source == OWN
    network = random_small()
    (tmp_path / "lipsim.safetensors").write_bytes(save_small(network, "theirs", {}))
    monkeypatch.setenv("ELPIPS_WEIGHTS", str(tmp_path))
    assert create_metric("lipsim").pretrained[0].calibration == "theirs"


def test_the_file_that_comes_along_is_small() -> None:
    import elpips.metrics.weights as weights

    assert (Path(weights.__file__).parent / OWN).stat().st_size <= 1_500_000
