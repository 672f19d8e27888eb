"""The objects that the demo network observes, and the filters it observes them through."""

from dataclasses import dataclass
from typing import Final, Literal

from local.demo.templates import read_data

Kind = Literal["galaxy", "globular", "nebula", "planetary"]

PHOTONS_AT_MAGNITUDE_ZERO: Final = 1e4
"""From a star of magnitude 0 above the atmosphere (photons per second, cm² and nm)."""
EFFICIENCY: Final = 0.5  # share of those photons that the camera counts


@dataclass(frozen=True)
class Target:
    """An object of the sky.

    Right ascension (hours) and declination (degrees) are of J2000. `size` is the longer diameter (arcmin),
    `axis_ratio` the shorter over the longer, `position_angle` from north through east (degrees).
    The stars are those in front of it, down to magnitude 21.
    """

    name: str
    kind: Kind
    right_ascension: float
    declination: float
    size: float
    axis_ratio: float
    position_angle: float
    magnitude: float
    stars_per_square_degree: int


@dataclass(frozen=True)
class Filter:
    """A filter: middle and width of its passband (nm), and the usual exposure time (s).

    `sky` is the brightness of a moonless sky through it (magnitudes per square arcsec). `gas` is a nebula's
    light through it, relative to a `JV` filter.
    """

    name: str
    wavelength: float
    width: float
    sky: float
    gas: float
    exposure: float

    def rate(self, area: float) -> float:
        """Return the electrons per second from a star of magnitude 0 with a telescope of `area` (mm²)."""
        return PHOTONS_AT_MAGNITUDE_ZERO * EFFICIENCY * self.width * area / 100


TARGETS: Final = tuple(Target(**entry) for entry in read_data("targets"))
FILTERS: Final = {entry["name"]: Filter(**entry) for entry in read_data("filters")}
FILTERS_FOR: Final[dict[Kind, tuple[str, ...]]] = {
    "galaxy": ("lum", "w", "gp", "rp", "ip"),
    "globular": ("gp", "JV", "Rc", "ip", "rp"),
    "nebula": ("HA", "S2", "HA", "O3", "Rc"),
    "planetary": ("O3", "HA", "lum", "O3", "gp"),
}
"""The filters for each kind of object; a repeated one is chosen more often."""
