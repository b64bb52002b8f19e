"""LipSim: a metric of 1-Lipschitz networks, whose judgements come with certificates.

A network phi that moves no two images farther apart than they are gives the distance
1 - cos(phi(x), phi(y)). How far an image may be changed before a judgement can change follows
from the network's Lipschitz constant alone, whatever the change is: see `certificates`.
"""

from .certificates import Certificate as Certificate
from .certificates import certify as certify
from .certificates import distance_interval as distance_interval
from .metric import LipSim as LipSim
from .weights import load_lipsim as load_lipsim
