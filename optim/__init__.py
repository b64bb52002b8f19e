"""Stochastic minimisation over images: solvers and the one driver loop.

A solver is four small methods (`Solver`); `minimise` owns everything else. Knows nothing
of metrics: a `Problem` gives gradients and held-out values of anything.
"""

from optim.adam import ReleasedAdam as ReleasedAdam
from optim.adam import SpreadAdam as SpreadAdam
from optim.allocator import keep_freed_memory as keep_freed_memory
from optim.ball import BallDescent as BallDescent
from optim.box import optimality_error as optimality_error
from optim.box import project as project
from optim.checkpoint import CheckpointError as CheckpointError
from optim.checkpoint import load_run as load_run
from optim.checkpoint import save_run as save_run
from optim.driver import Callback as Callback
from optim.driver import Limits as Limits
from optim.driver import advance as advance
from optim.driver import conclude as conclude
from optim.driver import minimise as minimise
from optim.driver import start as start
from optim.lagrange import LagrangeAdam as LagrangeAdam
from optim.problem import Constraint as Constraint
from optim.problem import Coordinates as Coordinates
from optim.problem import Problem as Problem
from optim.problem import Sample as Sample
from optim.problem import Scaling as Scaling
from optim.progress import ProgressBar as ProgressBar
from optim.solution import Record as Record
from optim.solution import Result as Result
from optim.solution import Run as Run
from optim.solution import Solution as Solution
from optim.solver import Solver as Solver
from optim.solver import State as State
