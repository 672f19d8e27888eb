"""The filters that the demo network observes through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from local.demo.targets import Kind

PHOTONS_AT_MAGNITUDE_ZERO: Final = 1e4
"""From a star of magnitude 0 above the atmosphere (photons per second, cm² and nm)."""
EFFICIENCY: Final = 0.5
"""Share of those photons that the camera counts."""


@dataclass(frozen=True)
class Filter:
    """A filter as it acts on light from the sky.

    Parameters
    ----------
    name
        As it stands in headers and configs.
    wavelength, width
        Middle and width of its passband (nm).
    sky
        Brightness of a moonless sky through it (magnitudes per square arcsec).
    gas
        A nebula's light through it, over what its magnitude would give in a `JV` filter.
    exposure
        Usual exposure time (s).
    """

    name: str
    wavelength: float
    width: float
    sky: float
    gas: float
    exposure: float

    def rate(self, area: float) -> float:
        """Electrons per second that a star of magnitude 0 makes with a telescope of `area` (mm²)."""
        return PHOTONS_AT_MAGNITUDE_ZERO * EFFICIENCY * self.width * area / 100


FILTERS: Final = {
    filter_.name: filter_
    for filter_ in (
        Filter("lum", 550.0, 300.0, 20.9, 2.0, 60.0),
        Filter("w", 560.0, 380.0, 20.8, 2.2, 45.0),
        Filter("gp", 475.0, 140.0, 21.4, 1.2, 90.0),
        Filter("rp", 620.0, 140.0, 20.6, 1.3, 90.0),
        Filter("ip", 760.0, 150.0, 19.8, 0.4, 120.0),
        Filter("JV", 540.0, 85.0, 21.1, 1.0, 90.0),
        Filter("Rc", 640.0, 130.0, 20.5, 1.2, 90.0),
        Filter("HA", 656.3, 7.0, 20.6, 1.0, 240.0),
        Filter("O3", 500.7, 6.5, 21.3, 0.7, 240.0),
        Filter("S2", 672.4, 7.0, 20.5, 0.4, 300.0),
    )
}

FILTERS_FOR: Final[dict[Kind, tuple[str, ...]]] = {
    "galaxy": ("lum", "w", "gp", "rp", "ip"),
    "globular": ("gp", "JV", "Rc", "ip", "rp"),
    "nebula": ("HA", "S2", "HA", "O3", "Rc"),
    "planetary": ("O3", "HA", "lum", "O3", "gp"),
}
"""What each kind of object is observed through; a repeated one is chosen more often."""
