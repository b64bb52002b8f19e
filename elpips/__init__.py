"""Images between images: barycenters and geodesics under E-LPIPS.

The names below come from the storeys `elpips.metrics`, `elpips.optim`, `elpips.geometry` and
`elpips.media`; what each has besides is there. Nothing of them, nor PyTorch, is loaded before
a name is used.
"""

import lazy_loader

_load_lazily, _, _names = lazy_loader.attach_stub(__name__, __file__)

__all__ = [*_names, "__version__"]


def __getattr__(name: str) -> object:
    """Import a name from where `__init__.pyi` says it is, when it is first used."""
    if name == "__version__":
        from importlib.metadata import version

        return version("elpips-geometry")
    return _load_lazily(name)


def __dir__() -> list[str]:
    return sorted(__all__)
