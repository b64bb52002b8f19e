"""Pictures in and out: files to tensors, frames to animations, filmstrips, slices and grids.

A picture is a tensor (3, H, W), frames are one (N, 3, H, W), float32 in [0, 1], sRGB. What
saves takes the path first. What was not simply read or written is told as a warning of the
logger "elpips".
"""

from .animation import ANIMATIONS as ANIMATIONS
from .animation import AnimationOptions as AnimationOptions
from .animation import save_animation as save_animation
from .animation import timeline as timeline
from .colour import Alpha as Alpha
from .crop import Crop as Crop
from .crop import center_crop as center_crop
from .crop import resize_short_side as resize_short_side
from .figure import make_figure as make_figure
from .figure import save_figure as save_figure
from .figure import save_plot as save_plot
from .figure import write_figure as write_figure
from .filmstrip import filmstrip as filmstrip
from .filmstrip import save_filmstrip as save_filmstrip
from .flow import read_flow as read_flow
from .flow import save_flow as save_flow
from .folder import list_images as list_images
from .frame_files import FrameFormat as FrameFormat
from .frames import read_frames as read_frames
from .frames import save_frames as save_frames
from .grid import Cell as Cell
from .grid import save_grid as save_grid
from .preview import preview as preview
from .read import read_image as read_image
from .read import read_images as read_images
from .read import read_mask as read_mask
from .samples import read_sample as read_sample
from .samples import read_squares as read_squares
from .samples import sample_names as sample_names
from .scanline import choose_rows as choose_rows
from .scanline import save_scanlines as save_scanlines
from .scanline import scanline as scanline
from .stream import FrameStream as FrameStream
from .stream import open_frames as open_frames
from .write import save_image as save_image
from .write import to_uint8 as to_uint8
