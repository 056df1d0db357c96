"""The k-space of one slice (half of it: objects are real), written down shape by shape, wherever the phantom lies."""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import j1


@dataclass(frozen=True, kw_only=True)
class Setup:
    """How the phantom lies and is scanned; lengths mm, angles degrees, shading per 100 mm, x right, y down.

    ``kept`` is the part of k-space's rows and columns that was sampled; the rest was filled with zeros.
    """

    phantom: str = "acr-mri-large"
    matrix: tuple[int, int] = (256, 256)
    pixel: tuple[float, float] = (0.977, 0.977)
    thickness: float = 5.0
    offset: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    mirrored: bool = False
    tilt: tuple[float, float] = (0.0, 0.0)
    position_error: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    slope: tuple[float, float] = (0.0, 0.0)
    bowl: float = 0.0
    ghost: float = 0.0
    phase_axis: int = 0
    snr: float | None = 100.0
    bubble: float = 1.5
    grid: bool = True
    kept: tuple[float, float] = (1.0, 1.0)
    layers: int = 12
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Plane:
    """One slice as a map: drawing (u, v) = matrix @ shown (x, y) + start + layer * shift; z = slope @ (u, v) + rise."""

    setup: Setup
    number: int
    height: float
    turn: np.ndarray = field(init=False)
    matrix: np.ndarray = field(init=False)
    start: np.ndarray = field(init=False)
    shift: np.ndarray = field(init=False)

    def __post_init__(self):
        turn = _drawing_from_space(self.setup)
        shrink = np.diag(1 / np.asarray(self.setup.scale))
        origin = np.array([-self.setup.offset[0], -self.setup.offset[1], self.height])
        object.__setattr__(self, "turn", turn)
        object.__setattr__(self, "matrix", turn[:2, :2] @ shrink)
        object.__setattr__(self, "start", (turn @ origin)[:2])
        object.__setattr__(self, "shift", turn[:2, 2])

    @property
    def depths(self):
        """Middle of each layer along the slice normal."""
        count = self.setup.layers
        return ((np.arange(count) + 0.5) / count - 0.5) * self.setup.thickness

    def z_of(self, depth):
        """Return (slope, rise): z of the drawing's points (u, v) in one layer."""
        inverse = np.linalg.inv(self.turn[:2, :2])
        slope = self.turn[2, :2] @ inverse
        origin = np.array([-self.setup.offset[0], -self.setup.offset[1], self.height + depth])
        at = self.turn @ origin
        return slope, float(at[2] - slope @ at[:2])

    def shown(self, direction):
        """Return how long the image shows a unit vector of the drawing."""
        return float(np.linalg.norm(np.linalg.solve(self.matrix, np.asarray(direction, float))))


def _drawing_from_space(setup):
    """Return the rotation from space (x right, y down, z along the normal) to the drawing; rows u, v, z."""
    axis = np.array([*np.tan(np.radians(setup.tilt)), 1.0])
    axis /= np.linalg.norm(axis)
    cross = np.cross([0.0, 0.0, 1.0], axis)
    skew = np.array([[0, -cross[2], cross[1]], [cross[2], 0, -cross[0]], [-cross[1], cross[0], 0]])
    lean = np.eye(3) + skew + skew @ skew / (1 + axis[2])
    cos, sin = np.cos(np.radians(setup.rotation)), np.sin(np.radians(setup.rotation))
    spin = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    return np.diag([-1.0 if setup.mirrored else 1.0, 1.0, 1.0]) @ spin @ lean.T


class KSpace:
    """The k-space of one slice, filled shape by shape; shapes are in the drawing's (u, v, z)."""

    def __init__(self, plane):
        setup = plane.setup
        rows, columns = setup.matrix
        self.plane = plane
        self.frequency = np.meshgrid(np.fft.rfftfreq(columns, setup.pixel[1]), np.fft.fftfreq(rows, setup.pixel[0]))
        inverse = np.linalg.inv(plane.matrix)
        self.k = tuple(inverse[0, i] * self.frequency[0] + inverse[1, i] * self.frequency[1] for i in (0, 1))
        self.area = abs(np.linalg.det(plane.matrix))
        self.values = np.zeros(self.k[0].shape, complex)
        self._combs = {}

    def disks(self, places, radius, weight, z):
        """Add equal disks; each lies in the layers whose z at its centre is within ``z``."""
        size = np.hypot(*self.k)
        ring = np.where(size > 0, radius * j1(2 * np.pi * radius * size) / np.where(size > 0, size, 1), 0)
        ring[size == 0] = np.pi * radius**2
        self._copies(ring, places, weight, z)

    def polygon(self, points, weight, z=(-np.inf, np.inf)):
        """Add a polygon, cut off layer by layer where z leaves its range."""
        cuts = {depth: _clip(np.asarray(points, float), self.plane.z_of(depth), z) for depth in self.plane.depths}
        if all(np.array_equal(cut, points) for cut in cuts.values()):
            self.values += weight * self._polygon(np.asarray(points, float)) * self._comb(tuple(cuts))
            return
        for depth, cut in cuts.items():
            if len(cut) > 2:
                self.layer(cut, weight, depth)

    def layer(self, points, weight, depth):
        """Add a polygon that is there in one layer."""
        self.values += weight * self._polygon(np.asarray(points, float)) * self._comb((depth,))

    def boxes(self, places, half, weight, z):
        """Add equal small squares; each lies in the layers whose z at its centre is within ``z``."""
        shape = (2 * half) ** 2 * np.sinc(2 * half * self.k[0]) * np.sinc(2 * half * self.k[1])
        self._copies(shape, places, weight, z)

    def box(self, u, v, weight, z=(-np.inf, np.inf)):
        """Add a rectangle."""
        self.polygon([(u[0], v[0]), (u[1], v[0]), (u[1], v[1]), (u[0], v[1])], weight, z)

    def ramp(self, slope, v, reach):
        """Add the slab |z - slope·u| < 0.5 mm between two v, as the whole slice shows it: two boxes convolved."""
        plane, setup = self.plane, self.plane.setup
        across = plane.turn[2] - slope * plane.turn[0]
        rows = np.vstack([across[:2] / np.asarray(setup.scale), plane.matrix[1]])
        offset = np.array([across @ [-setup.offset[0], -setup.offset[1], plane.height], plane.start[1]])
        deep = setup.thickness * abs(across[2])
        inverse = np.linalg.inv(rows)
        kz, kv = (inverse[0, i] * self.frequency[0] + inverse[1, i] * self.frequency[1] for i in (0, 1))
        middle, width = sum(v) / 2, v[1] - v[0]
        shape = np.sinc(kz) * np.sinc(kz * deep) * width * np.sinc(kv * width)
        phase = np.exp(2j * np.pi * (kz * offset[0] + kv * (offset[1] - middle)))
        self.values += shape * phase / abs(np.linalg.det(rows)) * self.area
        per_u = abs(rows[0] @ np.linalg.solve(plane.matrix, [1.0, 0.0]))
        if (abs(offset[0] - rows[0] @ np.linalg.solve(plane.matrix, plane.start)) + deep / 2 + 0.5) / per_u > reach:
            raise ValueError("a ramp would leave its slab")

    def image(self):
        """Return the image ``[row, column]``, with the signs of its ringing."""
        setup = self.plane.setup
        first = [-(count - 1) / 2 * mm for count, mm in zip(setup.matrix, setup.pixel, strict=True)]
        moved = self.values * np.exp(2j * np.pi * (self.frequency[0] * first[1] + self.frequency[1] * first[0]))
        return np.fft.irfft2(moved, setup.matrix) / (setup.pixel[0] * setup.pixel[1] * self.area)

    def _copies(self, shape, places, weight, z):
        for layers in {self._layers(place, z) for place in places} - {()}:
            here = [place for place in places if self._layers(place, z) == layers]
            self.values += weight * shape * self._phases(here) * self._comb(layers)

    def _layers(self, place, z):
        heights = [(depth, *self.plane.z_of(depth)) for depth in self.plane.depths]
        return tuple(depth for depth, slope, rise in heights if z[0] <= slope @ place + rise < z[1])

    def _comb(self, depths):
        if depths not in self._combs:
            starts = [self.plane.start + depth * self.plane.shift for depth in depths]
            self._combs[depths] = np.conj(self._phases(starts)) / self.plane.setup.layers
        return self._combs[depths]

    def _phases(self, places):
        """Return the sum of the places' phases: separable along rows and columns."""
        shown = np.linalg.solve(self.plane.matrix, np.asarray(places, float).T)
        columns = np.exp(-2j * np.pi * np.outer(shown[0], self.frequency[0][0]))
        rows = np.exp(-2j * np.pi * np.outer(self.frequency[1][:, 0], shown[1]))
        return rows @ columns

    def _polygon(self, points):
        """Return the transform of a polygon by the divergence theorem: a sum over its edges."""
        ahead = np.roll(points, -1, axis=0)
        twice_area = float(np.sum(points[:, 0] * ahead[:, 1] - points[:, 1] * ahead[:, 0]))
        total = np.zeros(self.values.shape, complex)
        for start, stop in zip(points, ahead, strict=True):
            along, middle = stop - start, (start + stop) / 2
            cross = self.k[0] * along[1] - self.k[1] * along[0]
            dot = self.k[0] * along[0] + self.k[1] * along[1]
            total += cross * np.sinc(dot) * self._phases([middle])
        square = self.k[0] ** 2 + self.k[1] ** 2
        found = 1j / (2 * np.pi * np.where(square > 0, square, 1)) * total * np.sign(twice_area)
        found[square == 0] = abs(twice_area) / 2
        return found


def _clip(points, heights, z):
    """Return the part of a convex polygon whose z lies within a range."""
    slope, rise = heights
    for sign, limit in ((1.0, z[0]), (-1.0, z[1])):
        if not np.isfinite(limit) or len(points) == 0:
            continue
        inside = sign * (points @ slope + rise - limit)
        kept = []
        for here, there, a, b in zip(points, np.roll(points, -1, axis=0), inside, np.roll(inside, -1), strict=True):
            kept += [here] if a >= 0 else []
            kept += [here + (there - here) * a / (a - b)] if (a >= 0) != (b >= 0) else []
        points = np.array(kept)
    return points
