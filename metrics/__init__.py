"""Distances between images: E-LPIPS, LPIPS and L2, with error bounds.

>>> from elpips.metrics import create_metric, estimate
>>> metric = create_metric("elpips_vgg")
>>> estimate(metric, x, y, relative_error=0.025)  # doctest: +SKIP
"""

from .allocator import keep_freed_memory as keep_freed_memory
from .backgrounds import OverBackgrounds as OverBackgrounds
from .base import Draw as Draw
from .base import Embedding as Embedding
from .base import Metric as Metric
from .base import check_image as check_image
from .base import check_images as check_images
from .ensemble import Ensemble as Ensemble
from .ensemble import EnsembleDraw as EnsembleDraw
from .errors import InputError as InputError
from .precision import Precision as Precision
from .precision import working_copy as working_copy
from .registry import DEFAULT_METRIC as DEFAULT_METRIC
from .registry import available_metrics as available_metrics
from .registry import create_metric as create_metric
from .sampling import Comparison as Comparison
from .sampling import Estimate as Estimate
from .sampling import compare as compare
from .sampling import estimate as estimate
