"""LPIPS and E-LPIPS: weighted squared distances of unit-normalised deep features."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from .base import Draw, Embedding, Metric, check_images, image_size
from .dropout import Dropout
from .ensemble import Ensemble, EnsembleDraw, draw_ensemble
from .errors import InputError
from .functions import WeightedUnit, laid_out
from .tiling import Tile, wrap_of
from .transforms import transform
from .trunks import Part, Trunk, normalise

if TYPE_CHECKING:
    from .weights import Weights


class PerceptualMetric(Metric):
    r"""Mean over draws T of sum_l mean_pixels sum_c w_lc (f_lc(Tx) - f_lc(Ty))^2.

    f_l are the features of layer l divided by their norm over channels at each pixel.
    LPIPS is the case of a single T, the identity. With w >= 0 the distance is
    ||Phi(x) - Phi(y)||^2 with Phi(x) = (sqrt(w_lc / pixels_l) f_lc(Tx)), which is what
    `embed` returns.

    Parameters
    ----------
    name
        The metric's name.
    trunk
        The network; its dropout scaling must match ``ensemble.dropout_keep``.
    linear
        Non-negative weights (C_l,), one tensor per layer of the trunk.
    ensemble
        Random transformations; None: none (LPIPS).
    pretrained
        Records of the files that trunk and linear weights came from.

    References
    ----------
    .. [1] Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual
       Metric", CVPR 2018.
    .. [2] Kettunen, Härkönen, Lehtinen, "E-LPIPS: Robust Perceptual Image Similarity via
       Random Transformation Ensembles", arXiv 1906.03973.
    """

    def __init__(
        self,
        name: str,
        trunk: Trunk,
        linear: Sequence[Tensor],
        ensemble: Ensemble | None = None,
        pretrained: tuple[Weights, ...] = (),
    ) -> None:
        super().__init__()
        self.name = name
        self.trunk = trunk
        self.ensemble = ensemble
        self.pretrained = pretrained
        self.tile = "none" if ensemble is None else ensemble.tile
        self.stochastic = ensemble is not None and ensemble.is_random
        for index, values in enumerate(linear):
            if (values < 0).any():
                raise InputError(f"{name}: linear weights of layer {index} have a negative entry")
            self.register_buffer(f"root{index}", values.sqrt()[:, None, None])
        self.layers = len(linear)
        self.eval()

    @property
    def dtype(self) -> torch.dtype:
        """The type that the network computes in; images may be of any other."""
        return self.get_buffer("root0").dtype

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.get_buffer("root0").device

    def tiled(self, tile: Tile) -> Metric:
        """Return the metric whose ensemble rolls images; the network is shared."""
        if self.ensemble is None or not any(wrap_of(tile)):
            return super().tiled(tile)
        found = copy.copy(self)
        found.ensemble = replace(self.ensemble, tile=tile)
        found.tile = tile
        return found

    def draw(
        self, size: tuple[int, int], generator: torch.Generator | None = None, batch: int = 1
    ) -> Draw:
        """Draw from the ensemble; see `Metric.draw`."""
        if self.ensemble is None:
            return EnsembleDraw(batch=batch)
        return draw_ensemble(self.ensemble, size, generator, batch)

    def embed(self, images: Tensor, draw: Draw) -> Embedding:
        """Embed images (N, 3, H, W) in [0, 1]; see `Metric.embed`."""
        assert isinstance(draw, EnsembleDraw)
        check_images(images)
        transformed = transform(laid_out(images, self.dtype), draw)
        if min(image_size(transformed)) < self.trunk.smallest_side:
            height, width = image_size(images)
            raise InputError(
                f"images of {width} x {height} px at scale level {draw.scale_level} are too small "
                f"for {self.name}, whose network needs {self.trunk.smallest_side} px"
            )
        x = normalise(transformed).to(self.dtype)
        keep = 1.0 if self.ensemble is None else self.ensemble.dropout_keep
        dropout = Dropout(keep, draw.dropout_seeds or ())
        layers: list[Tensor] = []
        for part in self.trunk.parts():
            units = partial(self._units, part, dropout, dropout.layer, len(layers))
            if self.sparing and x.requires_grad and torch.is_grad_enabled():
                # The masks come of seeds; nothing takes of the global random numbers.
                x, *found = checkpoint(units, x, use_reentrant=False, preserve_rng_state=False)
            else:
                x, *found = units(x)
            layers += found
        return Embedding(tuple(layers))

    def _units(
        self, part: Part, dropout: Dropout, convolution: int, layer: int, x: Tensor
    ) -> tuple[Tensor, ...]:
        """Return what a part of the network hands on, and the points of its layers.

        ``convolution`` and ``layer`` are the numbers of its first ones.
        """
        dropout.layer = convolution
        x, features = part(x, dropout)
        units = (
            WeightedUnit.apply(each, getattr(self, f"root{layer + i}"))
            for i, each in enumerate(features)
        )
        return x, *units

    def extra_repr(self) -> str:
        """Show the plain settings."""
        return f"{self.name!r}, ensemble={self.ensemble}"
