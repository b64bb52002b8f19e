"""Stochastic minimisation over images: solvers and the one driver loop.

A solver is four small methods (`Solver`); `minimise` owns everything else. Knows nothing
of metrics: a `Problem` gives gradients and held-out values of anything.
"""

from .adam import AdamState as AdamState
from .adam import AveragedAdamState as AveragedAdamState
from .adam import MomentTransfer as MomentTransfer
from .adam import PaperAdam as PaperAdam
from .adam import PreconditionedAdam as PreconditionedAdam
from .averaging import RunningAverage as RunningAverage
from .box import optimality_error as optimality_error
from .box import project as project
from .box import stays_inside as stays_inside
from .driver import Callback as Callback
from .driver import StoppingCriteria as StoppingCriteria
from .driver import advance as advance
from .driver import conclude as conclude
from .driver import minimise as minimise
from .driver import start as start
from .primal_dual import PrimalDualAdam as PrimalDualAdam
from .primal_dual import PrimalDualState as PrimalDualState
from .problem import Constraint as Constraint
from .problem import GradientSample as GradientSample
from .problem import Preconditioner as Preconditioner
from .problem import Problem as Problem
from .problem import Scaling as Scaling
from .projected_momentum import MomentumState as MomentumState
from .projected_momentum import ProjectedMomentum as ProjectedMomentum
from .run import History as History
from .run import RunState as RunState
from .run import Solution as Solution
from .run import StepRecord as StepRecord
from .run import StopReason as StopReason
from .solver import Solver as Solver
from .solver import SolverState as SolverState
from .threads import chosen_threads as chosen_threads
