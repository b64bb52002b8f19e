"""Problems on images and what is known about their solutions.

>>> from geometry import barycenter, geodesic
>>> result = barycenter(images, steps=400)  # doctest: +SKIP
>>> result.image, result.evaluation.excess  # doctest: +SKIP
>>> path = geodesic(start, end, frames=10)  # doctest: +SKIP
>>> path.frames, path(0.5), path.evaluation.path.excess  # doctest: +SKIP
"""

from geometry.attack_problem import AttackProblem as AttackProblem
from geometry.attacks import Attack as Attack
from geometry.attacks import AttackEvaluation as AttackEvaluation
from geometry.attacks import attack as attack
from geometry.barycenter import Barycenter as Barycenter
from geometry.barycenter import barycenter as barycenter
from geometry.barycenter_problem import BarycenterProblem as BarycenterProblem
from geometry.certificate import BarycenterEvaluation as BarycenterEvaluation
from geometry.certificate import evaluate_barycenter as evaluate_barycenter
from geometry.certificate import pairwise_distances as pairwise_distances
from geometry.geodesic import Geodesic as Geodesic
from geometry.geodesic import geodesic as geodesic
from geometry.geodesic_problem import GeodesicProblem as GeodesicProblem
from geometry.path_measures import PathComparison as PathComparison
from geometry.path_measures import PathEvaluation as PathEvaluation
from geometry.path_measures import evaluate_path as evaluate_path
from geometry.residual import first_order_residuals as first_order_residuals
from geometry.sharpness import high_band_energy as high_band_energy
from geometry.sharpness import high_band_ratio as high_band_ratio
