from . import geometry as geometry
from . import media as media
from . import metrics as metrics
from . import optim as optim
from . import scripts as scripts
from .geometry import attack as attack
from .geometry import barycenter as barycenter
from .geometry import evaluate_path as evaluate_path
from .geometry import geodesic as geodesic
from .metrics import InputError as InputError
from .metrics import available_metrics as available_metrics
from .metrics import compare as compare
from .metrics import create_metric as create_metric
from .metrics import estimate as estimate

__version__: str
