"""Nodes for ComfyUI: a morph of two images, the image between images, a distance.

Put a link to this folder into ComfyUI's ``custom_nodes`` and install the package in its
environment; see README.md beside this file.
"""

from .nodes import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
