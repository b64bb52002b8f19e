"""The contract that every metric keeps, on a small network with random weights."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import Embedding, Ensemble, InputError, check_image, check_images
from elpips.metrics.base import check_pair, image_size, reduce
from elpips.metrics.pixel import L2
from random_images import images, rng
from tiny_metric import tiny

METRICS = [pytest.param(L2(), id="l2"), pytest.param(tiny(), id="lpips-like")]
METRICS.append(pytest.param(tiny(Ensemble()), id="elpips-like"))

BAD_IMAGES = [
    (torch.zeros(3, 17, 11), r"found shape \(3, 17, 11\)"),
    (torch.zeros(1, 4, 17, 11), r"found shape \(1, 4, 17, 11\)"),
    (torch.zeros(0, 3, 17, 11), r"found shape \(0, 3, 17, 11\)"),
    (images(1) * 255, r"found values from [\d.]+ to 25\d.*, expected \[0, 1\]"),
    (images(1) * 2 - 1, "found values from -"),
    (torch.full((1, 3, 17, 11), torch.nan), "nan"),
    (torch.zeros(1, 3, 17, 11, dtype=torch.uint8), "torch.uint8"),
    ("a.png", "found str, expected a torch.Tensor"),
]


@pytest.mark.parametrize("metric", METRICS)
class TestEveryMetric:
    def test_is_zero_at_identical_images_and_symmetric(self, metric) -> None:
        x, y = images(seed=1), images(seed=2)
        draw = metric.draw((17, 11), rng())
        a, b = metric.embed(x, draw), metric.embed(y, draw)
        assert (metric.distance(a, a) == 0).all()
        assert (metric.distance(a, b) > 0).all()
        assert torch.equal(metric.distance(a, b), metric.distance(b, a))

    def test_root_obeys_the_triangle_inequality_on_shared_draws(self, metric) -> None:
        e = metric.embed(images(3), metric.draw((17, 11), rng()))
        ab, bc, ac = (metric.distance(e[i], e[j]).sqrt() for i, j in ((0, 1), (1, 2), (0, 2)))
        assert ac <= ab + bc + 1e-6

    def test_distance_is_a_squared_norm_in_a_flat_space(self, metric) -> None:
        # The parallelogram law, which certificates rest on and a metric at large breaks.
        e = metric.embed(images(3), metric.draw((17, 11), rng()))
        middle = Embedding(tuple((layer[:1] + layer[1:2]) / 2 for layer in e.layers))
        to_a, to_b, between = (
            metric.distance(*pair) for pair in ((e[0], e[2]), (e[1], e[2]), (e[0], e[1]))
        )
        expected = (to_a + to_b) / 2 - between / 4
        torch.testing.assert_close(metric.distance(middle, e[2]), expected)

    def test_steps_are_the_distances_from_each_to_the_next(self, metric) -> None:
        e = metric.embed(images(4), metric.draw((17, 11), rng()))
        expected = torch.cat([metric.distance(e[i], e[i + 1]) for i in range(3)])
        torch.testing.assert_close(metric.steps(e[0], e[1:3], e[3]), expected)

    def test_an_image_has_the_same_point_alone_and_among_others(self, metric) -> None:
        draw = metric.draw((17, 11), rng())
        among, alone = metric.embed(images(3), draw)[1], metric.embed(images(3)[1:2], draw)
        for a, b in zip(among.layers, alone.layers, strict=True):
            torch.testing.assert_close(a, b)

    def test_same_seed_same_numbers(self, metric) -> None:
        x, y = images(seed=1), images(seed=2)
        first, second = (metric(x, y, draws=3, generator=rng(5)) for _ in range(2))
        assert torch.equal(first, second)
        other = metric(x, y, draws=3, generator=rng(6))
        assert torch.equal(first, other) != metric.stochastic

    def test_forward_is_the_mean_over_draws(self, metric) -> None:
        x, y = images(seed=1), images(seed=2)
        generator, total = rng(7), torch.zeros(2)
        for _ in range(3):
            draw = metric.draw((17, 11), generator, batch=2)
            total += metric.distance(metric.embed(x, draw), metric.embed(y, draw))
        torch.testing.assert_close(metric(x, y, draws=3, generator=rng(7)), total / 3)

    @pytest.mark.parametrize("kind", ["identical", "flat", "black", "white", "input mean"])
    def test_gradients_are_finite(self, metric, kind: str) -> None:
        x = images(1, 32, 24)
        # The last is where the normalised input vanishes in every channel.
        zero = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
        y = {
            "identical": x,
            "flat": torch.full_like(x, 0.5),
            "black": torch.zeros_like(x),
            "white": torch.ones_like(x),
            "input mean": zero.expand_as(x),
        }[kind]
        for a, b in ((x, y), (y, x), (y, y)):
            variable = a.clone().requires_grad_()
            metric(variable, b, generator=rng()).sum().backward()
            assert torch.isfinite(variable.grad).all()

    def test_parameters_are_frozen_and_mode_is_locked(self, metric) -> None:
        assert not any(p.requires_grad for p in metric.parameters())
        assert not metric.train().training

    @pytest.mark.parametrize(("bad", "message"), BAD_IMAGES)
    def test_bad_images_are_refused(self, metric, bad, message: str) -> None:
        with pytest.raises(InputError, match=message):
            metric.embed(bad, metric.draw((17, 11), rng()))

    def test_reductions_and_mismatched_pairs(self, metric) -> None:
        x, y = images(seed=1), images(seed=2)

        def value(reduction: str) -> torch.Tensor:
            return metric(x, y, generator=rng(), reduction=reduction)

        assert value("none").shape == (2,)
        torch.testing.assert_close(value("mean"), value("none").mean())
        torch.testing.assert_close(value("sum"), value("none").sum())
        with pytest.raises(InputError, match="reduction: found 'median'"):
            value("median")
        with pytest.raises(InputError, match="differ in shape"):
            metric(x, y[..., :-1])
        for draws in (0, 2.5, None):
            with pytest.raises(InputError, match=f"^draws: found {draws}, expected an integer"):
                metric(x, y, draws=draws)

    def test_draws_are_as_many_as_asked_for_and_differ(self, metric) -> None:
        draws = list(metric.draws((17, 11), 4, rng()))
        assert len(draws) == 4 and all(draw.batch == 1 for draw in draws)
        x, y = images(1, seed=1), images(1, seed=2)
        values = {float(metric.distance(metric.embed(x, d), metric.embed(y, d))) for d in draws}
        assert len(values) == (4 if metric.stochastic else 1)


def test_the_images_of_an_embedding_stay_an_axis() -> None:
    a, b = torch.arange(12.0).view(4, 3), torch.arange(4.0).view(4, 1)
    embedding = Embedding((a.requires_grad_(), b))
    assert len(embedding) == 4
    assert torch.equal(embedding[2].layers[0], a[2:3])
    assert torch.equal(embedding[-1].layers[0], a[3:]) and len(embedding[-1]) == 1
    assert [each.layers[1].tolist() for each in embedding] == [[[0]], [[1]], [[2]], [[3]]]
    with pytest.raises(IndexError):
        embedding[4]
    assert torch.equal(embedding[1:3].layers[1], b[1:3])
    assert torch.equal(embedding[torch.tensor([3, 0])].layers[0], a[[3, 0]])
    assert embedding[1:].layers[0].requires_grad
    assert not embedding.detach().layers[0].requires_grad


def test_no_gradient_flows_to_the_ends_of_steps() -> None:
    metric = tiny()
    frames = images(4).requires_grad_()
    e = metric.embed(frames, metric.draw((17, 11)))
    (gradient,) = torch.autograd.grad(metric.steps(e[0], e[1:3], e[3]).sum(), frames)
    assert (gradient[[0, 3]] == 0).all() and (gradient[1:3] != 0).any()


def test_rounding_beyond_the_range_is_let_pass() -> None:
    image = torch.tensor([-1e-7, 1 + 5e-7]).expand(3, 4, 2)
    check_image(image)
    check_images(image[None])
    with pytest.raises(InputError, match="found values from"):
        check_image(image * (1 + 1e-5))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (torch.zeros(1, 3, 5, 4), r"^start: found shape \(1, 3, 5, 4\), expected \(3, H, W\)$"),
        (torch.zeros(5, 4), r"^start: found shape \(5, 4\), expected \(3, H, W\)$"),
        (torch.full((3, 5, 4), 2.0), "^start: found values from 2 to 2, expected"),
        (None, "^start: found NoneType, expected a torch.Tensor$"),
    ],
)
def test_one_bad_image_is_refused_by_name(bad, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_image(bad, "start")


def test_a_bad_pair_is_refused_by_which_is_bad() -> None:
    check_pair(images(), images(seed=1))
    with pytest.raises(InputError, match=r"^second images: found values"):
        check_pair(images(), images() + 1)
    with pytest.raises(InputError, match=r"\(2, 3, 17, 11\) and \(1, 3, 17, 11\)"):
        check_pair(images(2), images(1))


def test_sizes_and_reductions() -> None:
    assert image_size(torch.zeros(3, 5, 4)) == image_size(torch.zeros(2, 3, 5, 4)) == (5, 4)
    values = torch.tensor([1.0, 5.0])
    assert reduce(values, "none") is values
    assert (float(reduce(values, "mean")), float(reduce(values, "sum"))) == (3, 6)
