"""Decoding of image files into RGB floats, with what was lost on the way said aloud.

Pillow reads what has at most 8 bits per channel, and only that: it quietly reduces 16-bit
RGB to 8. Such PNG files are read by torchvision, such TIFF files by tifffile.
"""

from __future__ import annotations

import io
import os
import warnings

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

from ..metrics.errors import InputError
from .colour import (
    BAD_SAMPLES,
    Alpha,
    Floats,
    Raster,
    check_size,
    finish,
    from_floats,
    from_integers,
)
from .tiff import is_tiff, read_tiff

# Reading EPS, for one, would run another program.
_FORMATS = ("PNG", "JPEG", "MPO", "JPEG2000", "TIFF", "WEBP", "AVIF", "GIF", "BMP", "PPM")
_KNOWN = "PNG, JPEG, TIFF, WebP, GIF, BMP, PPM or JPEG 2000"
_ORIENTATION = 0x0112


def decode(data: bytes, alpha: Alpha = "auto") -> tuple[Floats, list[str]]:
    """Decode an image file to sRGB, upright, on white.

    Parameters
    ----------
    data
        Content of the file.
    alpha
        What to do with transparency.

    Returns
    -------
    image
        (H, W, 3) in [0, 1].
    notices
        One line for each thing that was not simply read: a profile converted, transparency
        composited, frames left out.

    Raises
    ------
    InputError
        In one line: `data` is no image, damaged, too large, or its samples are no colours.
    """
    if not data:
        raise InputError(f"the file is empty; expected an image ({_KNOWN})")
    try:
        # Pillow's warnings tell of oddities that are harmless, or errors soon after.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raster, loss = read_tiff(data) if is_tiff(data) else (None, "")
            raster = raster or _read(data)
            image, notices = finish(raster, alpha)
    except InputError:
        raise
    except UnidentifiedImageError:
        raise InputError(f"not an image that can be read; expected {_KNOWN}") from None
    except Image.DecompressionBombError:
        limit = Image.MAX_IMAGE_PIXELS
        raise InputError(f"the image is too large; expected at most {limit} pixels") from None
    except Exception as error:
        # On damaged files the decoders raise nearly everything: OSError, SyntaxError,
        # struct.error, zlib.error, EOFError, IndexError and more.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"the image is damaged or not supported ({reason})") from error
    return image, [loss, *notices] if loss else notices


def open_picture(source: str | os.PathLike[str] | io.BytesIO) -> Image.Image:
    """Open with Pillow, if it is of a format that Pillow reads by itself."""
    Image.init()
    return Image.open(source, formats=[name for name in _FORMATS if name in Image.OPEN])


def _read(data: bytes) -> Raster:
    """Read with Pillow; 16-bit PNG colours with torchvision once Pillow found them sound."""
    with open_picture(io.BytesIO(data)) as image:
        check_size(*image.size)
        image.load()
        colour, alpha = _split(image)
        # The first chunk of a PNG file is its header, which holds the depth.
        deep_png = image.format == "PNG" and data[24] == 16
        if deep_png:
            colour, alpha = _read_deep_png(data, image.info.get("transparency"))
        return Raster(
            colour,
            alpha,
            profile=image.info.get("icc_profile"),
            # Pillow has turned a TIFF upright by now, and removed the tag.
            orientation=image.getexif().get(_ORIENTATION, 1),
            # The further pictures of a phone's MPO file are previews and depth maps.
            frames=1 if image.format == "MPO" else getattr(image, "n_frames", 1),
            deep=deep_png or image.mode.startswith(("I", "F")),
        )


def _split(image: Image.Image) -> tuple[Floats, Floats | None]:
    """Colour and alpha of a loaded image of any mode."""
    mode = image.mode
    if mode.startswith("I;16") or (mode == "I" and image.format in ("PNG", "PPM")):
        return from_integers(np.asarray(image), 65535)[..., None], None
    if mode == "I":
        raise InputError(BAD_SAMPLES.format("32-bit integer"))
    if mode == "F":
        return from_floats(np.asarray(image))[..., None], None
    if mode == "CMYK":
        return from_integers(np.asarray(image), 255), None
    channels = 1 if mode in ("1", "L", "LA", "La") else 3
    if mode in ("La", "RGBa"):
        image = image.convert("LA" if channels == 1 else "RGBA")
    if not image.has_transparency_data:
        pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
        return from_integers(np.atleast_3d(pixels), 255), None
    pixels = from_integers(np.asarray(image.convert("RGBA")), 255)
    return pixels[..., :channels], pixels[..., 3:]


def _read_deep_png(data: bytes, key: object) -> tuple[Floats, Floats | None]:
    """Colour and alpha of a 16-bit PNG; `key` is the one colour that is transparent."""
    # Imported here: with all its models it takes longer than the rest of a short command.
    from torchvision.io import ImageReadMode, decode_image

    content = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    samples = decode_image(content, ImageReadMode.UNCHANGED).permute(1, 2, 0).numpy()
    pixels = from_integers(samples, 65535)
    if pixels.shape[2] in (2, 4):
        return pixels[..., :-1], pixels[..., -1:]
    if key is None:
        return pixels, None
    opaque = (samples != np.asarray(key)).any(axis=2, keepdims=True)
    return pixels, opaque.astype(np.float32)
