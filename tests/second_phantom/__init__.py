"""ACR MRI phantoms a second way: k-space written down, not drawn.

Every insert is a shape whose Fourier transform is a formula (disks: Bessel, rectangles: sinc, polygons: a sum over
edges, ramps: a product of two sincs in a sheared frame). The transforms are summed with signs at the k-space points of
the matrix asked for, so the image has the exact point spread of its sampling. The phantom is turned rigidly in space;
through the slice it is cut into thin layers, the ramps exactly. Coil, ghost (odd and even lines that differ), complex
noise and magnitude follow. Nothing is shared with ``aiqa_integration.simulate`` but the numbers of the drawing.
"""

from tests.second_phantom.kspace import Setup
from tests.second_phantom.series import Scanned, scan, truth

__all__ = ["Scanned", "Setup", "scan", "truth"]
