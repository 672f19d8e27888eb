"""What the demo network observes: real objects of the sky, from a small catalogue."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

CATALOGUE: Final = Path(__file__).parent / "data" / "targets.json"

Kind = Literal["galaxy", "globular", "nebula", "planetary"]


@dataclass(frozen=True)
class Target:
    """One object.

    Parameters
    ----------
    name
        Its customary designation.
    kind
        What sort of object it is, which decides how its picture is computed.
    right_ascension, declination
        Equator and equinox of J2000 (hours, degrees).
    size
        Its longer diameter (arcmin).
    axis_ratio
        Its shorter diameter over the longer one.
    position_angle
        Of the longer diameter, from north through east (degrees).
    magnitude
        Of the whole object.
    """

    name: str
    kind: Kind
    right_ascension: float
    declination: float
    size: float
    axis_ratio: float
    position_angle: float
    magnitude: float


@cache
def targets() -> tuple[Target, ...]:
    """All objects of the catalogue, in its order."""
    return tuple(Target(**entry) for entry in json.loads(CATALOGUE.read_text(encoding="utf-8")))
