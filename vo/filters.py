"""The wavelengths of the network's filters."""

from collections.abc import Iterable

# First and last wavelength (nm) by the filter's name in lower case. An unknown filter has none.
# Sloan: effective wavelength and full width at half maximum, Fukugita et al. (1996), AJ 111, 1748, table 2a.
_SLOAN = {
    "up": (325.8, 385.7),
    "gp": (413.6, 551.5),
    "rp": (557.0, 695.2),
    "ip": (690.5, 844.0),
    "zp": (841.2, 978.2),
}
# Johnson and Cousins: effective wavelength and full width, Binney and Merrifield (1998), "Galactic
# Astronomy", table 2.1, after Bessell (1990), PASP 102, 1181.
_JOHNSON_COUSINS = {
    "ju": (332.0, 398.0),
    "jb": (398.0, 492.0),
    "jv": (507.0, 595.0),
    "rc": (589.0, 727.0),
    "ic": (731.5, 880.5),
}
# Pan-STARRS: edges of the passbands, Tonry et al. (2012), ApJ 750, 99, table 4. w covers g, r and i.
_PAN_STARRS = {"zs": (818.0, 922.0), "y": (918.0, 1001.0), "w": (414.0, 819.0)}
# Narrow bands: the line's wavelength in air (NIST Atomic Spectra Database), and the usual width of filters.
_NARROW = {
    "ha": (652.8, 659.8),
    "o3": (497.4, 504.0),
    "s2": (668.9, 675.9),
    "n2": (656.9, 659.9),
    "cr": (642.5, 647.5),
}
# Luminance, and the colours of astronomical cameras: the usual limits of makers of filters.
_COLOUR = {
    "lum": (400.0, 700.0),
    "pl": (400.0, 700.0),
    "pr": (580.0, 700.0),
    "pg": (490.0, 580.0),
    "pb": (400.0, 510.0),
}
# Other single letters may belong to several systems, so they are unknown.
_ALIASES = {"l": "lum", "oiii": "o3", "sii": "s2", "nii": "n2"}

WAVELENGTHS = {**_SLOAN, **_JOHNSON_COUSINS, **_PAN_STARRS, **_NARROW, **_COLOUR}
WAVELENGTHS |= {alias: WAVELENGTHS[name] for alias, name in _ALIASES.items()}

_NM = 1e-9


def band(name: str | None) -> tuple[float, float] | None:
    """Return the first and last wavelength (m) of a filter; None if it is unknown."""
    limits = WAVELENGTHS.get((name or "").strip().lower())
    return limits and (limits[0] * _NM, limits[1] * _NM)


def in_any(bands: Iterable[tuple[float, float]]) -> list[str]:
    """Return the filters, in lower case, whose wavelengths overlap any of these intervals (m)."""
    wanted = list(bands)
    return sorted(
        name
        for name, (first, last) in WAVELENGTHS.items()
        if any(low <= last * _NM and high >= first * _NM for low, high in wanted)
    )
