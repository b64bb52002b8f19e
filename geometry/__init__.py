"""Problems on images and what is known about their solutions.

>>> from geometry import barycenter
>>> result = barycenter(images, steps=400)  # doctest: +SKIP
>>> result.image, result.evaluation.excess  # doctest: +SKIP
"""

from geometry.barycenter import Barycenter as Barycenter
from geometry.barycenter import barycenter as barycenter
from geometry.barycenter_problem import BarycenterProblem as BarycenterProblem
from geometry.certificate import BarycenterEvaluation as BarycenterEvaluation
from geometry.certificate import evaluate_barycenter as evaluate_barycenter
from geometry.certificate import pairwise_distances as pairwise_distances
from geometry.sharpness import high_band_energy as high_band_energy
from geometry.sharpness import high_band_ratio as high_band_ratio
