"""The contract of a metric: draw, embed, distance.

A metric maps an image, for one random draw, to a point of a Hilbert space (its
*embedding*); the distance of two images is the squared norm of the difference of their
embeddings, averaged over draws. Everything in the storeys above follows from these three
methods: an image goes through the network once per draw whatever number of pairs it is
in, and the certificates of ``geometry`` are identities of Hilbert spaces.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from .checks import require_number
from .errors import InputError
from .functions import SquaredDistance, SquaredSteps
from .tiling import Tile, wrap_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .weights import Weights

Reduction = Literal["none", "mean", "sum"]

# Rounding of resampling and 16-bit files, not a second range convention.
_RANGE_SLACK = 1e-6


@dataclass(frozen=True)
class Draw:
    """One random draw; this base class is the draw of a deterministic metric.

    Attributes
    ----------
    batch
        1: the draw is shared by all images it is applied to. n > 1: n draws, the i-th for
        the i-th of n images.
    """

    batch: int = 1

    @property
    def share(self) -> float:
        """Of an image's pixels, the share that goes through the network."""
        return 1.0


@dataclass(frozen=True)
class Embedding:
    """Points of the metric's feature space, one per image.

    Attributes
    ----------
    layers
        Tensors of shape (N, ...), one per layer, scaled so that the squared distance of
        two points is the plain sum of squared differences over all layers.
    """

    layers: tuple[Tensor, ...]

    def __len__(self) -> int:
        """Return N, the number of images."""
        return len(self.layers[0])

    def __getitem__(self, index: int | slice | Tensor) -> Embedding:
        """Select images by number, slice or index tensor; N stays an axis.

        Raises
        ------
        IndexError
            There is no image of that number.
        """
        if isinstance(index, int):
            index = range(len(self))[index]
            index = slice(index, index + 1)
        return Embedding(tuple(layer[index] for layer in self.layers))

    def detach(self) -> Embedding:
        """Return the same points, cut off from the autograd graph."""
        return Embedding(tuple(layer.detach() for layer in self.layers))


class Metric(nn.Module, ABC):
    """A distance between images, as a module with frozen parameters.

    Images are ``(N, 3, H, W)`` floating-point RGB in [0, 1]. Distances are squared norms,
    without a unit; lower is closer, and 0 is reached by identical images. Gradients flow to
    the images. Here and everywhere what computes a whole takes a ``seed``; only the pieces
    that it is made of, `draw`, `draws` and `forward`, take a ``generator``.

    Attributes
    ----------
    name
        The name given to `metrics.create_metric`.
    pretrained
        Records of the files of pretrained numbers that it stands on.
    stochastic
        Whether two draws can differ.
    tile
        Axes on which images are a torus to it.
    channels
        Of its images: 3, or 4 where `OverBackgrounds` makes it one of premultiplied RGBA.
    sparing
        Whether memory counts more than time: activations are computed again where a gradient
        needs them (`checkpointed`), and images are embedded one by one.
    """

    name: str
    pretrained: tuple[Weights, ...] = ()
    stochastic = False
    tile: Tile = "none"
    channels = 3
    sparing = False

    @abstractmethod
    def draw(
        self, size: tuple[int, int], generator: torch.Generator | None = None, batch: int = 1
    ) -> Draw:
        """Draw the random transformation and dropout seeds for images of one size.

        Parameters
        ----------
        size
            Of the images, (H, W) in pixels.
        generator
            On the CPU; None: torch's global one.
        batch
            n > 1: as many draws, one for each of n images, Latin-hypercube stratified where
            the metric has an ensemble. 1: one for all images.
        """

    @abstractmethod
    def embed(self, images: Tensor, draw: Draw) -> Embedding:
        """Embed images (N, 3, H, W) in [0, 1] under ``draw``; ``draw.batch`` is 1 or N.

        Raises
        ------
        InputError
            Images of another shape, type or range, of another number than the draw is for,
            or too small for the network.
        """

    def tiled(self, tile: Tile) -> Metric:
        """Return this metric of images that tile; itself for none.

        Raises
        ------
        InputError
            There is no such way to tile, or to this metric images have borders.
        """
        if any(wrap_of(tile)):
            raise InputError(
                f"tile: {self.name} has no ensemble that could roll images, and to it they have "
                "borders; expected an E-LPIPS metric or l2"
            )
        return self

    def distance(self, a: Embedding, b: Embedding) -> Tensor:
        """Return the distances (N,) of embeddings of the same draw; N = 1 broadcasts."""
        return torch.stack(
            [SquaredDistance.apply(u, v) for u, v in zip(a.layers, b.layers, strict=True)]
        ).sum(0)

    def steps(self, before: Embedding, points: Embedding, after: Embedding) -> Tensor:
        """Return the distances (N + 1,) from each of before, N points, after to the next.

        Embeddings of the same draw; before and after are single points and constants, to
        which no gradient flows.
        """
        layers = zip(before.layers, points.layers, after.layers, strict=True)
        return torch.stack([SquaredSteps.apply(*each) for each in layers]).sum(0)

    def forward(
        self,
        x: Tensor,
        y: Tensor,
        draws: int = 1,
        generator: torch.Generator | None = None,
        reduction: Reduction = "none",
    ) -> Tensor:
        """Return the mean distance of pairs of images over draws: a loss.

        Both images of a pair share each draw; the pairs of a batch have draws of their
        own, stratified over the batch as released.

        Parameters
        ----------
        x, y
            Images (N, 3, H, W) in [0, 1].
        draws
            Number of draws for each pair, at least 1; a metric that is not random takes 1.
        generator
            As for `draw`.
        reduction
            ``"none"``: distances (N,); ``"mean"`` or ``"sum"`` of them: a scalar.

        Raises
        ------
        InputError
            As `embed`; images of two shapes, no draws, another reduction.
        """
        check_pair(x, y, self.channels)
        require_number("draws", draws)
        total = torch.zeros(len(x), device=x.device, dtype=x.dtype)
        for _ in range(draws if self.stochastic else 1):
            draw = self.draw(image_size(x), generator, batch=len(x))
            total = total + self.distance(self.embed(x, draw), self.embed(y, draw))
        return reduce(total / (draws if self.stochastic else 1), reduction)

    def draws(
        self, size: tuple[int, int], count: int, generator: torch.Generator | None
    ) -> Iterator[Draw]:
        """Yield ``count`` independent draws for images of ``size`` (H, W), each for all."""
        for _ in range(count):
            yield self.draw(size, generator)

    def train(self, mode: bool = True) -> Metric:
        """Stay in evaluation mode: a metric has nothing to train."""
        del mode
        return super().train(False)


def image_size(images: Tensor) -> tuple[int, int]:
    """Return (H, W) of images (..., H, W)."""
    return images.shape[-2], images.shape[-1]


def check_images(images: Tensor, name: str = "images", channels: int = 3) -> None:
    """Raise `InputError` unless ``images`` is (N, 3, H, W), floating point, in [0, 1].

    ``name`` is what the message calls them. Of 4 ``channels`` they are premultiplied RGBA, of
    which no colour may be above alpha. Values beyond the range by rounding (1e-6) pass.
    """
    if not isinstance(images, Tensor):
        raise InputError(f"{name}: found {type(images).__name__}, expected a torch.Tensor")
    shape = tuple(images.shape)
    if images.dim() != 4 or shape[1] != channels or 0 in shape:
        kind = "RGB channels" if channels == 3 else "premultiplied RGBA"
        hint = (
            "; transparency is for geodesics, morphs and barycenters, or OverBackgrounds(metric)"
            if channels == 3 and shape[1:2] == (4,)
            else ""
        )
        raise InputError(
            f"{name}: found shape {shape}, expected (N, {channels}, H, W) with {kind}{hint}"
        )
    if not images.is_floating_point():
        raise InputError(f"{name}: found {images.dtype}, expected floating point in [0, 1]")
    low, high = torch.stack(images.detach().aminmax()).tolist()
    # Written so that NaN fails.
    if not (low >= -_RANGE_SLACK and high <= 1 + _RANGE_SLACK):
        raise InputError(
            f"{name}: found values from {low:.6g} to {high:.6g}, expected [0, 1] without NaN"
        )
    if channels > 3 and (images[:, :3] > images[:, 3:] + _RANGE_SLACK).any():
        raise InputError(f"{name}: found colours above alpha, expected premultiplied RGBA")


def check_image(image: Tensor, name: str = "image", channels: int = 3) -> None:
    """Raise `InputError` unless ``image`` is (3, H, W), floating point, in [0, 1].

    Of 4 ``channels`` as for `check_images`.
    """
    if isinstance(image, Tensor) and image.dim() != 3:
        raise InputError(f"{name}: found shape {tuple(image.shape)}, expected ({channels}, H, W)")
    check_images(image[None] if isinstance(image, Tensor) else image, name, channels)


def check_pair(x: Tensor, y: Tensor, channels: int = 3) -> None:
    """Raise `InputError` unless x and y are images of the same shape."""
    check_images(x, "first images", channels)
    check_images(y, "second images", channels)
    if x.shape != y.shape:
        raise InputError(f"images differ in shape: {tuple(x.shape)} and {tuple(y.shape)}")


def reduce(values: Tensor, reduction: Reduction) -> Tensor:
    """Reduce distances (N,) by ``"none"``, ``"mean"`` or ``"sum"``; else `InputError`."""
    if reduction == "none":
        return values
    if reduction in ("mean", "sum"):
        return getattr(values, reduction)()
    raise InputError(f"reduction: found {reduction!r}, expected 'none', 'mean' or 'sum'")
