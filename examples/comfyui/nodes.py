"""The nodes. An IMAGE of ComfyUI is a batch (B, H, W, C) of floats in [0, 1]."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

import elpips
from elpips.media import center_crop

try:
    from comfy import model_management
except ImportError:  # Outside of ComfyUI, as in tests.
    model_management = None

# Lists: what ComfyUI takes for a choice.
METRICS = ["elpips_vgg", "elpips_squeeze_maxpool", "lpips_vgg", "lpips_alex", "l2"]
QUALITIES = ["draft", "standard", "best"]
STARTS = ["blend", "objects", "texture", "image", "noise"]
SEED = ("INT", {"default": 0, "min": 0, "max": 2**63 - 1})


def device() -> torch.device:
    """Return where ComfyUI computes."""
    if model_management is not None:
        return model_management.get_torch_device()
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def to_images(batch: Tensor, like: Tensor | None = None) -> Tensor:
    """Turn an IMAGE (B, H, W, C) into images (B, 3, H, W), cut to the size of others."""
    # A tensor of inference mode takes no part in gradients; its copy does.
    images = batch[..., :3].clone().movedim(-1, 1).to(device(), torch.float32).clamp(0, 1)
    if like is None or like.shape[-2:] == images.shape[-2:]:
        return images.contiguous()
    height, width = like.shape[-2:]
    factor = max(height / images.shape[-2], width / images.shape[-1])
    size = [max(like.shape[-2:][i], round(images.shape[-2:][i] * factor)) for i in (0, 1)]
    scaled = torch.nn.functional.interpolate(images, size, mode="bicubic", antialias=True)
    return torch.stack([center_crop(image, height, width) for image in scaled.clamp(0, 1)])


def to_batch(images: Tensor) -> Tensor:
    """Turn images (N, 3, H, W) into an IMAGE (N, H, W, 3)."""
    return images.detach().movedim(1, -1).float().cpu().contiguous()


def end_if_cancelled(run: Any) -> None:
    """End a run that the user cancels: called after every step."""
    if model_management is not None:
        model_management.throw_exception_if_processing_interrupted()


def create(name: str) -> elpips.Metric:
    """Load a metric where ComfyUI computes."""
    return elpips.create_metric(name, device=device())


class _Node:
    """What the nodes share: ComfyUI calls `run` in inference mode, in which nothing is solved."""

    CATEGORY = "image/elpips"
    FUNCTION = "run"

    def run(self, **inputs: Any) -> tuple[Any, ...]:
        """Compute the outputs of the node."""
        with torch.inference_mode(False), torch.enable_grad():
            return self.compute(**inputs)

    def compute(self, **inputs: Any) -> tuple[Any, ...]:
        """Compute the outputs of the node, with gradients at hand."""
        raise NotImplementedError


class ElpipsMorph(_Node):
    """Morph each image of a batch into that of another; all frames follow on each other."""

    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("frames",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        """Return the inputs; a motion of 0 moves nothing."""
        return {
            "required": {
                "start": ("IMAGE",),
                "end": ("IMAGE",),
                "frames": ("INT", {"default": 10, "min": 3, "max": 1000}),
                "quality": (QUALITIES, {"default": "draft"}),
                "motion": ("FLOAT", {"default": 0.0, "min": 0.0, "max": 100.0, "step": 0.1}),
                "metric": (METRICS,),
                "seed": SEED,
            },
            "optional": {"steps": ("INT", {"default": 0, "min": 0, "max": 100_000})},
        }

    def compute(
        self,
        start: Tensor,
        end: Tensor,
        frames: int,
        quality: str,
        motion: float,
        metric: str,
        seed: int,
        steps: int = 0,
    ) -> tuple[Tensor]:
        """Return the frames of all paths; steps of 0 are those of the quality."""
        starts = to_images(start)
        ends = to_images(end, like=starts)
        count = max(len(starts), len(ends))
        if len(starts) not in (1, count) or len(ends) not in (1, count):
            raise elpips.InputError(
                f"{len(starts)} start and {len(ends)} end images: expected as many, or one"
            )
        distance = create(metric)
        found = [
            elpips.geodesic(
                first,
                last,
                frames,
                metric=distance,
                quality=quality,
                motion=motion or None,
                steps=steps or None,
                seed=seed,
                callbacks=[end_if_cancelled],
                progress="morph",
            ).frames
            for first, last in zip(
                starts.expand(count, -1, -1, -1), ends.expand(count, -1, -1, -1), strict=True
            )
        ]
        return (to_batch(torch.cat(found)),)


class ElpipsBarycenter(_Node):
    """The image perceptually between all images of a batch, or of two."""

    RETURN_TYPES = ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        """Return the inputs; weights are numbers with commas, none for equal ones."""
        return {
            "required": {
                "images": ("IMAGE",),
                "weights": ("STRING", {"default": ""}),
                "quality": (QUALITIES, {"default": "standard"}),
                "init": (STARTS,),
                "metric": (METRICS,),
                "seed": SEED,
            },
            "optional": {
                "more_images": ("IMAGE",),
                "steps": ("INT", {"default": 0, "min": 0, "max": 100_000}),
            },
        }

    def compute(
        self,
        images: Tensor,
        weights: str,
        quality: str,
        init: Any,
        metric: str,
        seed: int,
        more_images: Tensor | None = None,
        steps: int = 0,
    ) -> tuple[Tensor]:
        """Return the barycenter as a batch of one; steps of 0 are those of the quality."""
        inputs = to_images(images)
        if more_images is not None:
            inputs = torch.cat([inputs, to_images(more_images, like=inputs)])
        try:
            shares = [float(each) for each in weights.split(",")] if weights.strip() else None
        except ValueError:
            raise elpips.InputError(
                f"weights: found {weights!r}, expected numbers with commas between them"
            ) from None
        found = elpips.barycenter(
            inputs,
            shares,
            metric=create(metric),
            init=init,
            quality=quality,
            steps=steps or None,
            seed=seed,
            callbacks=[end_if_cancelled],
            progress="barycenter",
        )
        return (to_batch(found.image[None]),)


class ElpipsDistance(_Node):
    """How far the images of two batches are apart: the mean, and each with its error."""

    RETURN_TYPES = ("FLOAT", "STRING")
    RETURN_NAMES = ("distance", "report")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        """Return the inputs."""
        return {
            "required": {
                "images": ("IMAGE",),
                "reference": ("IMAGE",),
                "relative_error": (
                    "FLOAT",
                    {"default": 0.05, "min": 0.001, "max": 1.0, "step": 0.001},
                ),
                "metric": (METRICS,),
                "seed": SEED,
            }
        }

    def compute(
        self, images: Tensor, reference: Tensor, relative_error: float, metric: str, seed: int
    ) -> tuple[float, str]:
        """Return mean and lines; one reference serves all images."""
        ours = to_images(images)
        others = to_images(reference, like=ours)
        others = others.expand(len(ours), -1, -1, -1) if len(others) == 1 else others
        found = elpips.estimate(
            create(metric), ours, others, relative_error=relative_error, seed=seed
        )
        lines = [
            f"{index}: {distance:.4g} ± {error:.2g}"
            for index, (distance, error) in enumerate(
                zip(found.distance.tolist(), found.standard_error.tolist(), strict=True)
            )
        ]
        return float(found.distance.mean()), "\n".join(lines)


NODE_CLASS_MAPPINGS = {
    "ElpipsMorph": ElpipsMorph,
    "ElpipsBarycenter": ElpipsBarycenter,
    "ElpipsDistance": ElpipsDistance,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "ElpipsMorph": "Perceptual morph (E-LPIPS)",
    "ElpipsBarycenter": "Image between images (E-LPIPS)",
    "ElpipsDistance": "Perceptual distance (E-LPIPS)",
}
