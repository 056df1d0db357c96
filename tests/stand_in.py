"""Programs of AIQA with the network's place taken by the truth: ``python -m tests.stand_in aiqa run``.

For tests of everything but the network: each process then starts in a second or two, without torch. The phantom is
said to lie where ``tests.outside.make_series`` draws it, upright in the middle of the image.
"""

import sys
from importlib.metadata import entry_points

from aiqa_integration.model.phantom import LocatedPhantom, Phantom, PlanePose
from aiqa_integration.model.report import BundleVersion
from aiqa_integration.phantoms import phantoms_of
from aiqa_integration.pipeline import score_phantom
from aiqa_integration.pipeline.ports import Inferencer, LoadedSeries

BUNDLE = BundleVersion(name="truth", version="0", weights_sha256="0" * 64)


def find_phantom(
    series: LoadedSeries, analysis: str, inferencer: Inferencer
) -> tuple[Phantom, LocatedPhantom, BundleVersion]:
    """Say where the simulated phantom lies; takes the place of ``pipeline.infer.find_phantom``."""
    phantom = next(known for known in phantoms_of(analysis) if known.name == "acr-mri-large")
    slices, rows, columns = series.stack.voxels.shape
    pose = PlanePose(
        centre=((columns - 1) / 2, (rows - 1) / 2),
        rotation_deg=0.0,
        pixel_mm=(series.stack.spacing_mm[2], series.stack.spacing_mm[1]),
    )
    located = LocatedPhantom(
        phantom=phantom.name,
        slices={place + 1: place for place in range(slices)},
        poses=dict.fromkeys(range(slices), pose),
        tilt_deg=0.0,
        residual_mm=0.0,
        confidence=1.0,
    )
    return phantom, located, BUNDLE


def install() -> None:
    """Put the stand-in in its place in this process and those forked from it."""
    setattr(score_phantom, "find_phantom", find_phantom)  # noqa: B010 - a plain assignment is no patch to a type checker


def main() -> None:
    """Run the named program of this environment with the rest of the command line."""
    install()
    program = sys.argv[1]
    sys.argv = sys.argv[1:]
    (script,) = entry_points(group="console_scripts", name=program)
    sys.exit(script.load()())


if __name__ == "__main__":
    main()
