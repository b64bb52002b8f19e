"""Problems on images and what is known about their solutions.

>>> from elpips.geometry import barycenter, geodesic
>>> result = barycenter(images, steps=400)  # doctest: +SKIP
>>> result.image, result.evaluation.excess  # doctest: +SKIP
>>> path = geodesic(start, end, frames=10)  # doctest: +SKIP
>>> path.frames, path(0.5), path.evaluation.path.excess  # doctest: +SKIP
"""

from .attack_problem import AttackProblem as AttackProblem
from .attacks import Attack as Attack
from .attacks import AttackEvaluation as AttackEvaluation
from .attacks import attack as attack
from .attacks import evaluate_attack as evaluate_attack
from .barycenter import Barycenter as Barycenter
from .barycenter import barycenter as barycenter
from .barycenter_evaluation import BarycenterEvaluation as BarycenterEvaluation
from .barycenter_evaluation import evaluate_barycenter as evaluate_barycenter
from .barycenter_evaluation import pairwise_distances as pairwise_distances
from .barycenter_problem import BarycenterProblem as BarycenterProblem
from .checkpoint import CheckpointError as CheckpointError
from .checkpoint import checkpoints as checkpoints
from .checkpoint import load_run as load_run
from .checkpoint import save_run as save_run
from .geodesic import DEFAULT_FRAMES as DEFAULT_FRAMES
from .geodesic import Geodesic as Geodesic
from .geodesic import geodesic as geodesic
from .geodesic import interpolate as interpolate
from .geodesic_problem import GeodesicProblem as GeodesicProblem
from .identity import IdentityError as IdentityError
from .morph import Morph as Morph
from .morph import morph as morph
from .motion_share import motion_share as motion_share
from .moving_energy import MovingEnergy as MovingEnergy
from .moving_energy import moving_energy as moving_energy
from .options import INTERPOLATION as INTERPOLATION
from .options import AttackOptions as AttackOptions
from .options import BarycenterOptions as BarycenterOptions
from .options import GeodesicOptions as GeodesicOptions
from .overlay import overlay_share as overlay_share
from .path_evaluation import PathComparison as PathComparison
from .path_evaluation import PathEvaluation as PathEvaluation
from .path_evaluation import evaluate_path as evaluate_path
from .seam import Seams as Seams
from .seam import measure_seams as measure_seams
from .sharpness import high_band_energy as high_band_energy
from .sharpness import high_band_ratio as high_band_ratio
from .stationarity import stationarity_errors as stationarity_errors
