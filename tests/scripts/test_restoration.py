"""``elpips benchmark restoration``: the network, its training, and the command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from elpips.metrics import Ensemble, InputError, create_metric
from elpips.metrics.statistics import mean_of
from elpips.scripts.benchmarks.restoration import benchmark_restoration_command
from elpips.scripts.benchmarks.restoration_network import (
    TEST,
    TRAIN,
    Training,
    degrade,
    make_network,
    random_crops,
    train,
)
from elpips.scripts.benchmarks.restoration_report import differences, measures_table
from tiny_metric import tiny

CPU = torch.device("cpu")
L2 = create_metric("l2")
SMALL = Training(steps=2, warmup=0, batch=2, crop=16, channels=4, layers=3)


def stripes(seed: int) -> Tensor:
    """Sharp coloured stripes (3, 48, 48) of random direction."""
    rng = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="ij")
    a, b = torch.rand(2, generator=rng)
    colours = torch.rand(2, 3, 1, 1, generator=rng)
    return torch.where(torch.sin(a * x + b * y) > 0, colours[0], colours[1])


@pytest.fixture
def synthetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put two small images in the place of the samples."""
    pictures = torch.stack([stripes(1), stripes(2)])
    for name, value in {
        "TEST": ("one", "two"),
        "training_images": lambda sides: list(pictures),
        "held_out_images": lambda size: pictures,
    }.items():
        monkeypatch.setattr(f"elpips.scripts.benchmarks.restoration.{name}", value)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def test_an_untrained_network_changes_nothing() -> None:
    network = make_network(SMALL)
    images = torch.rand(2, 3, 21, 16)
    assert torch.equal(network(images), images)


def test_networks_of_any_weights_stay_in_the_range() -> None:
    network = make_network(SMALL)
    for weight in network.parameters():
        torch.nn.init.normal_(weight, generator=generator())
    restored = network(torch.rand(1, 3, 17, 16))
    assert restored.shape == (1, 3, 17, 16)
    assert restored.min() == 0
    assert restored.max() == 1


@pytest.mark.parametrize("task", ["superres2x", "denoise"])
def test_l2_training_lowers_the_held_out_error(task) -> None:
    setting = Training(
        task=task, steps=200, warmup=0, batch=4, channels=8, layers=3, learning_rate=3e-3
    )
    trained = train(replace(setting, crop=16), [stripes(i) for i in range(24)], L2, CPU)
    truth = torch.stack([stripes(i) for i in range(100, 108)])
    worse = degrade(truth, setting, generator())
    with torch.no_grad():
        restored = trained.network(worse)
    assert (restored - truth).square().mean() < 0.97 * (worse - truth).square().mean()


def test_same_seed_same_bits_and_other_seed_others() -> None:
    setting = replace(SMALL, steps=3, task="denoise")
    metric = tiny(Ensemble())
    images = [stripes(0), stripes(1)]
    first, again, other = (
        train(each, images, metric, CPU) for each in (setting, setting, replace(setting, seed=1))
    )
    assert first.losses == again.losses
    for a, b in zip(first.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(a, b)
    assert first.losses != other.losses


def test_every_loss_sees_the_same_crops_and_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    def spy(*arguments) -> Tensor:
        seen.append(random_crops(*arguments))
        return seen[-1]

    monkeypatch.setattr("elpips.scripts.benchmarks.restoration_network.random_crops", spy)
    for metric in (L2, tiny(Ensemble())):
        train(SMALL, [stripes(0)], metric, CPU)
    assert torch.equal(torch.stack(seen[:2]), torch.stack(seen[2:]))
    assert not torch.equal(seen[0], seen[1])


def test_warmup_and_pixel_weight_are_of_l2() -> None:
    images = [stripes(0)]
    l2 = train(SMALL, images, L2, CPU)
    warm = train(replace(SMALL, warmup=2), images, tiny(), CPU)
    assert warm.losses[0] == pytest.approx(l2.losses[0])
    alone, both = (
        train(replace(SMALL, steps=1, pixel_weight=weight), images, tiny(), CPU).losses[0]
        for weight in (0, 10)
    )
    assert both - alone == pytest.approx(10 * l2.losses[0], rel=1e-4)


def test_degrading_halves_what_can_be_seen_or_adds_noise() -> None:
    image = torch.zeros(1, 3, 16, 16)
    image[..., ::2] = 1
    blurred = degrade(image, SMALL, generator())
    assert blurred.shape == image.shape
    assert blurred[..., 4:-4].std() < 0.05
    grey = torch.full((1, 3, 64, 64), 0.5)
    noisy = degrade(grey, replace(SMALL, task="denoise", noise=0.1), generator())
    assert noisy.std() == pytest.approx(0.1, rel=0.05)


def test_no_picture_is_for_training_and_judging() -> None:
    assert not set(TRAIN) & set(TEST)


def test_differences_are_paired() -> None:
    mine = {"psnr": [20.0, 31.0, 41.0], "lpips": [0.1, 0.2, 0.1]}
    other = {"psnr": [20.5, 30.0, 40.0], "lpips": [0.2, 0.1, 0.2]}
    found = differences(mine, other)
    assert (found["psnr"].better, found["lpips"].better) == (2, 2)
    assert found["psnr"].mean == pytest.approx(0.5)
    assert found["psnr"].standard_error == pytest.approx(0.5)
    assert mean_of([1.0, 3.0]).standard_error == pytest.approx(1.0)
    assert "minus l2" in measures_table({"l2": other, "lpips": mine}, "l2")
    assert "minus" not in measures_table({"lpips": mine}, "l2")


@pytest.mark.usefixtures("synthetic")
def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    made: list[str] = []

    def make(name: str, device: object = "cpu"):
        del device
        made.append(name)
        return L2 if name == "l2" else tiny(Ensemble())

    monkeypatch.setattr("elpips.scripts.benchmarks.restoration.make_metric", make)

    def run(training: Training = SMALL) -> tuple[dict, str]:
        arguments = {"training": training, "judges": ("elpips_vgg",), "evaluation_draws": 2}
        code = benchmark_restoration_command(
            losses=("l2", "lpips_vgg"), device="cpu", outdir=tmp_path, **arguments
        )
        assert code == 0
        return json.loads((tmp_path / "benchmark.json").read_text()), capsys.readouterr().out

    record, out = run()
    assert made == ["l2", "lpips_vgg", "elpips_vgg"]
    assert set(record["measures"]) == {"bicubic", "l2", "lpips_vgg"}
    assert set(record["minus_l2"]) == {"bicubic", "lpips_vgg"}
    assert all(len(each["elpips_vgg"]) == 2 for each in record["measures"].values())
    for file in ("pictures.png", "losses.png", "one_l2.png"):
        assert (tmp_path / file).stat().st_size > 0
    assert "minus l2" in out

    # The second call trains nothing, other options train anew.
    monkeypatch.setattr("elpips.scripts.benchmarks.restoration.train", None)
    again, repeated = run()
    assert again["measures"] == record["measures"]
    assert repeated == out
    with pytest.raises(TypeError):
        run(replace(SMALL, seed=1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"losses": ()}, "losses: found none"),
        ({"losses": ("l2", "l2")}, "losses: found l2 l2"),
        ({"losses": ("l3",)}, "metric 'l3' is unknown"),
        ({"judges": ("psnr",)}, "metric 'psnr' is unknown"),
        ({"losses": ("l2",), "judges": (), "evaluation_draws": 0}, "evaluation_draws: found 0"),
    ],
)
def test_bad_options_are_one_line(tmp_path: Path, options, message: str) -> None:
    with pytest.raises(InputError, match=message) as found:
        benchmark_restoration_command(**{"losses": ("l2",), **options}, outdir=tmp_path)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    "setting", [{"steps": 0}, {"crop": 33}, {"layers": 1}, {"noise": -1}, {"learning_rate": 0}]
)
def test_bad_settings_are_one_line(setting) -> None:
    with pytest.raises(InputError, match=next(iter(setting))):
        Training(**setting)


def test_crops_larger_than_an_image_are_refused() -> None:
    with pytest.raises(InputError, match="48 x 48 px: expected at least 64 x 64"):
        random_crops([stripes(0)], 1, 64, generator())


@pytest.mark.usefixtures("synthetic")
def test_a_damaged_file_is_named(tmp_path: Path, capsys) -> None:
    arguments = {"losses": ("l2",), "judges": (), "training": SMALL, "outdir": tmp_path}
    benchmark_restoration_command(**arguments)
    (kept,) = tmp_path.glob("l2_*.pt")
    kept.write_bytes(b"nothing")
    with pytest.raises(InputError, match=f"{kept.name}: is damaged"):
        benchmark_restoration_command(**arguments)
    capsys.readouterr()
