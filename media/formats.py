"""Kinds of files: which are pictures, which videos, and what a file is by its first bytes."""

from __future__ import annotations

from importlib.util import find_spec

from PIL import features

# Name, Pillow's names and endings of each kind of picture. Reading EPS, for one, would run
# another program: what is not here is not opened.
_KINDS = (
    ("PNG", ("PNG",), ".png .apng"),
    ("JPEG", ("JPEG", "MPO"), ".jpg .jpeg .jpe .jfif .mpo"),
    ("TIFF", ("TIFF",), ".tif .tiff"),
    ("WebP", ("WEBP",), ".webp"),
    ("AVIF", ("AVIF",), ".avif .avifs"),
    ("GIF", ("GIF",), ".gif"),
    ("BMP", ("BMP",), ".bmp .dib"),
    ("PPM", ("PPM",), ".ppm .pgm .pbm .pnm"),
    ("JPEG 2000", ("JPEG2000",), ".jp2 .j2k .jpx .jpf .j2c .jpc"),
    # Not by Pillow.
    ("OpenEXR", (), ".exr"),
    ("HEIC", (), ".heic .heif .hif"),
)
_MISSING = {
    # Older releases of Pillow warn of features that they do not know.
    *(() if "avif" in features.modules and features.check("avif") else ("AVIF",)),
    *(() if find_spec("pillow_heif") else ("HEIC",)),
}
_HERE = [kind for kind in _KINDS if kind[0] not in _MISSING]

PILLOW = tuple(name for _, names, _ in _HERE for name in names)
"""Pillow's names of the formats that are read."""

KNOWN = ", ".join(name for name, _, _ in _HERE[:-1]) + f" or {_HERE[-1][0]}"
"""The formats that are read, for messages."""

PICTURES = tuple(sorted(ending for _, _, endings in _KINDS for ending in endings.split()))
"""Endings of the names of pictures, in small letters; those that cannot be read here, too."""

VIDEOS = tuple(".avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .webm .wmv".split())
"""Endings of the names of videos, in small letters."""

STRANGERS = tuple(
    ".cr2 .cr3 .dds .dng .eps .hdr .ico .jxl .nef .pcx .pdf .psd .qoi .svg .tga .xcf".split()
)
"""Endings of pictures of kinds that are not read."""

DEMUXERS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,mxf"
"""FFmpeg's names of the formats of videos that are read; none names other files or addresses."""

_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_AVIF = (b"avif", b"avis")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"II*\0", "picture"),
    (b"MM\0*", "picture"),
    (b"II+\0", "picture"),
    (b"MM\0+", "picture"),
    (b"GIF8", "picture"),
    (b"\0\0\0\x0cjP  ", "picture"),
    (b"\xff\x4f\xff\x51", "picture"),
    (b"\x1a\x45\xdf\xa3", "video"),
    (b"\0\0\x01\xba", "video"),
    (b"\0\0\x01\xb3", "video"),
    (b"FLV\x01", "video"),
    (b"OggS", "video"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video"),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "video"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"8BPS", "a Photoshop document"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"%PDF", "PDF"),
    (b"DDS ", "DDS"),
    (b"qoif", "QOI"),
    (b"\0\0\x01\0", "an icon"),
    (b"<svg", "SVG"),
    (b"<?xml", "XML"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
)


def kind_of(head: bytes) -> str:
    """Say what a file is by its first 32 bytes or more.

    Returns
    -------
    str
        "picture" and "video" for what may be read, a name for what Pillow and FFmpeg's readers of
        videos do not read (HEIC, OpenEXR, JPEG XL, ...), "" for anything else.
    """
    if head[4:8] == b"ftyp":
        brands = [head[at : at + 4] for at in range(8, len(head) - 3, 4) if at != 12]
        if any(brand in _AVIF for brand in brands):
            return "picture"
        return "HEIC" if brands[0] in _HEIC else "video"
    if head[4:8] in (b"moov", b"mdat", b"wide", b"skip", b"free", b"pnot"):
        return "video"
    if head.startswith(b"RIFF"):
        return {b"WEBP": "picture", b"AVI ": "video"}.get(head[8:12], "")
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "picture"
    if head[:1] == b"P" and head[1:2] in b"123456f" and head[2:3].isspace():
        return "picture"
    if len(head) > 188 and head[0] == head[188] == 0x47:
        return "video"
    return next((kind for start, kind in _SIGNATURES if head.startswith(start)), "")
