"""Distances between images: E-LPIPS, LPIPS and L2, with error bounds.

>>> from metrics import create_metric, estimate
>>> metric = create_metric("elpips_vgg")
>>> estimate(metric, x, y, relative_error=0.025)  # doctest: +SKIP
"""

from metrics.base import Draw as Draw
from metrics.base import Embedding as Embedding
from metrics.base import Metric as Metric
from metrics.base import check_images as check_images
from metrics.ensemble import Ensemble as Ensemble
from metrics.ensemble import EnsembleDraw as EnsembleDraw
from metrics.errors import InputError as InputError
from metrics.precision import Precision as Precision
from metrics.precision import working_copy as working_copy
from metrics.registry import available_metrics as available_metrics
from metrics.registry import create_metric as create_metric
from metrics.sampling import Comparison as Comparison
from metrics.sampling import Estimate as Estimate
from metrics.sampling import compare as compare
from metrics.sampling import estimate as estimate
