"""The tree of commands: what ``elpips`` can be asked for, and which function does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Command:
    """One line about a command, and its function ("module:function") or its subcommands.

    ``default`` is the subcommand that the command's name alone stands for.
    """

    summary: str
    target: str = ""
    commands: Mapping[str, Command] = field(default_factory=dict)
    default: str | None = None


ELPIPS = Command(
    "Perceptual distances between images, and images between images, under E-LPIPS.",
    commands={
        "distance": Command(
            "measure the perceptual distance of two images", "commands.distance:distance_command"
        ),
        "compare": Command(
            "sort images by their distance to a reference", "commands.compare:compare_command"
        ),
        "certify": Command(
            "tell which of two images is closer, and what change could alter that",
            "commands.certify:certify_command",
        ),
        "retrieve": Command(
            "find the pictures of a folder that are nearest to one",
            "commands.retrieve:retrieve_command",
        ),
        "barycenter": Command(
            "find the image that is perceptually between images",
            "commands.barycenter:barycenter_command",
        ),
        "geodesic": Command(
            "find the shortest path of images between two images, and animate it",
            "commands.geodesic:geodesic_command",
        ),
        "morph": Command(
            "morph through key images, in a circle if wanted", "commands.morph:morph_command"
        ),
        "interpolate": Command(
            "find frames between two frames of real footage, or between all of a clip",
            "commands.interpolate:interpolate_command",
        ),
        "materials": Command(
            "morph all the maps of one material into those of another",
            "commands.materials:materials_command",
        ),
        "batch": Command(
            "run a command for each row of a table, or for pairs of two folders",
            "commands.batch:batch_command",
        ),
        "evaluate": Command(
            "measure any path of frames, whoever made it", "commands.evaluate:evaluate_command"
        ),
        "report": Command(
            "make the page that shows a run, or runs beside each other",
            "commands.report:report_command",
        ),
        "open": Command("open a run's report in the browser", "commands.open:open_command"),
        "attack": Command(
            "find an image that a metric judges wrongly", "commands.attack:attack_command"
        ),
        "robustness": Command(
            "attack several metrics at every image of a folder",
            "benchmarks.robustness:robustness_command",
        ),
        "evaluate-2afc": Command(
            "2AFC scores of metrics, and how far calibrations agree",
            "calibration.evaluate:evaluate_2afc_command",
        ),
        "certify-2afc": Command(
            "2AFC scores of lipsim that no attack within a radius can alter",
            "calibration.certify_2afc:certify_2afc_command",
        ),
        "train-lipsim": Command(
            "train a small 1-Lipschitz network for the metric lipsim",
            "calibration.train_lipsim:train_lipsim_command",
        ),
        "calibrate": Command(
            "fit a metric's linear weights to preferences (2AFC)",
            "calibration.calibrate:calibrate_command",
        ),
        "attack-2afc": Command(
            "2AFC accuracy of metrics when the images are attacked (PGD, APGD)",
            "calibration.attack_2afc:attack_2afc_command",
        ),
        "train-rlpips": Command(
            "train LPIPS against attack (R-LPIPS) on preferences (2AFC)",
            "calibration.train_rlpips:train_rlpips_command",
        ),
        "make-2afc": Command(
            "make pairs of distorted patches, judged by a panel of metrics",
            "calibration.make_set:make_2afc_command",
        ),
        "demo": Command(
            "find a barycenter and a texture morph of images that come along",
            "commands.demo:demo_command",
        ),
        "figure": Command(
            "draw a figure of the E-LPIPS paper",
            commands={
                "attack": Command(
                    "images that fool each of several metrics (Figures 1 and 2)",
                    "figures.attack:figure_attack_command",
                ),
                "ablation": Command(
                    "what each member of the ensemble adds against attack A1 (Figure 3)",
                    "figures.ablation:figure_ablation_command",
                ),
                "barycenters": Command(
                    "barycenters of noisy and of shifted copies of an image (Figure 4)",
                    "figures.barycenters:figure_barycenters_command",
                ),
                "geodesics": Command(
                    "geodesics under three metrics, with slices through time (Figure 5)",
                    "figures.geodesics:figure_geodesics_command",
                ),
            },
        ),
        "benchmark": Command(
            "measure the solvers",
            commands={
                "barycenters": Command(
                    "objective and detail of barycenters of many pairs",
                    "benchmarks.barycenters:benchmark_barycenters_command",
                ),
                "geodesics": Command(
                    "paths between many pairs, beside cross-fade and published frames",
                    "benchmarks.geodesics:benchmark_geodesics_command",
                ),
                "translations": Command(
                    "paths between shifted crops, where the truth is known",
                    "benchmarks.translations:benchmark_translations_command",
                ),
                "interpolation": Command(
                    "the middle frames of real footage, which are known",
                    "benchmarks.interpolation:benchmark_interpolation_command",
                ),
                "clip": Command(
                    "a clip with more frames: its memory, and a run killed and resumed",
                    "benchmarks.clip:benchmark_clip_command",
                ),
                "step": Command(
                    "time of a step over that of its bare convolutions",
                    "benchmarks.step:benchmark_step_command",
                ),
                "convergence": Command(
                    "objective against network passes, beside the released schedule",
                    "benchmarks.convergence:benchmark_convergence_command",
                ),
                "restoration": Command(
                    "metrics as the training loss of a small network, beside L2",
                    "benchmarks.restoration:benchmark_restoration_command",
                ),
                "certificates": Command(
                    "attacks inside the radii that lipsim certifies",
                    "calibration.certificates:benchmark_certificates_command",
                ),
                "retrieval": Command(
                    "whether the nearest patch stays the nearest under attack",
                    "benchmarks.retrieval:benchmark_retrieval_command",
                ),
                "scale": Command(
                    "time and memory of a path's step against frames and pixels",
                    "benchmarks.scale:benchmark_scale_command",
                ),
            },
        ),
        "check-parity": Command(
            "check the metrics against results of the authors' implementation",
            "parity.check:check_parity_command",
        ),
        "weights": Command(
            "list the weights of the metrics, or fetch them",
            commands={
                "list": Command(
                    "list the weights and the files they are read from",
                    "commands.weights:list_command",
                ),
                "fetch": Command(
                    "put weights into the user's cache", "commands.weights:fetch_command"
                ),
            },
            default="list",
        ),
    },
)
