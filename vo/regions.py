"""Regions on the sky: circles, ranges and polygons, as SIA 2.0 writes them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from common.errors import BadRequest
from db import cone

Vector = tuple[float, float, float]

# Larger regions are found without the index of places.
_LARGEST_INDEXED = 10.0
_MOST_VERTICES = 50
_KINDS = (
    "POS must be CIRCLE ra dec radius, RANGE ra1 ra2 dec1 dec2 or POLYGON ra1 dec1 ra2 dec2 ra3 dec3 …, "
    "in degrees"
)

# Unit vector of an image's place, of the expressions of `db.cone`.
_X = f"cosd({cone.DECLINATION}) * cosd({cone.RIGHT_ASCENSION})"
_Y = f"cosd({cone.DECLINATION}) * sind({cone.RIGHT_ASCENSION})"
_Z = f"sind({cone.DECLINATION})"
_RA = f"({cone.POSITIVE_RIGHT_ASCENSION})"


class Region(Protocol):
    """A region on the sky."""

    def circle(self) -> tuple[float, float, float] | None:
        """Return centre and radius (degrees) of a circle around the region; None for a large region."""
        ...

    def inside(self, name: str) -> tuple[str, dict[str, Any]]:
        """Return the SQL of the images inside and its bound values, whose names begin with `name`."""
        ...


@dataclass(frozen=True)
class Circle:
    """A circle, in degrees."""

    ra: float
    dec: float
    radius: float

    def circle(self) -> tuple[float, float, float] | None:
        """Return the circle itself; None if it is large."""
        return (self.ra, self.dec, self.radius) if self.radius <= _LARGEST_INDEXED else None

    def inside(self, name: str) -> tuple[str, dict[str, Any]]:
        """Return the SQL."""
        bound = {"ra": self.ra, "dec": self.dec, "radius": self.radius}
        return cone.inside(name), {f"{name}{key}": round(value, 12) for key, value in bound.items()}


@dataclass(frozen=True)
class Range:
    """All places between two right ascensions and two declinations, in degrees; across 0h if first > last."""

    first: float
    last: float
    south: float
    north: float

    def circle(self) -> tuple[float, float, float] | None:
        """Return a circle around its middle, or around the nearer pole if it is wide or touches it."""
        width = (self.last - self.first) % 360 if self.last - self.first < 360 else 360.0
        middle = (self.first + width / 2) % 360, (self.south + self.north) / 2
        if width > 180 or max(-self.south, self.north) >= 90:
            pole = math.copysign(90.0, self.south + self.north)
            radius = abs(pole - (self.south if pole > 0 else self.north))
            return (0.0, pole, radius) if radius <= _LARGEST_INDEXED else None
        # Its farthest points are corners.
        corners = [vector(self.first, dec) for dec in (self.south, self.north)]
        radius = max(_distance(vector(*middle), corner) for corner in corners)
        return (*middle, radius) if radius <= _LARGEST_INDEXED else None

    def inside(self, name: str) -> tuple[str, dict[str, Any]]:
        """Return the SQL."""
        both = "AND" if self.first <= self.last else "OR"
        sql = (
            f"({cone.DECLINATION}) BETWEEN %({name}south)s AND %({name}north)s"
            f" AND ({_RA} >= %({name}first)s {both} {_RA} <= %({name}last)s)"
        )
        bound = {"first": self.first, "last": self.last, "south": self.south, "north": self.north}
        return f"({sql})", {f"{name}{key}": value for key, value in bound.items()}


@dataclass(frozen=True)
class Polygon:
    """A convex polygon. Its corners, in degrees, follow one another around it in either direction."""

    corners: tuple[tuple[float, float], ...]

    def circle(self) -> tuple[float, float, float] | None:
        """Return a circle around the mean of the corners that contains all corners; None if it is large."""
        vectors = [vector(*corner) for corner in self.corners]
        middle = _unit(*(sum(axis) for axis in zip(*vectors, strict=True)))
        radius = max(_distance(middle, each) for each in vectors)
        return (*_place(middle), radius) if radius <= _LARGEST_INDEXED else None

    def inside(self, name: str) -> tuple[str, dict[str, Any]]:
        """Return the SQL: an image is inside if it is on the inner side of each edge."""
        bound: dict[str, Any] = {}
        sides = []
        for number, normal in enumerate(self.normals()):
            # PostgreSQL fails if a product is too small for a double.
            axes = {
                f"{name}{axis}{number}": round(value, 15) for axis, value in zip("xyz", normal, strict=True)
            }
            x, y, z = axes
            sides.append(f"({_X}) * %({x})s + ({_Y}) * %({y})s + ({_Z}) * %({z})s >= -1e-12")
            bound |= axes
        return f"({' AND '.join(sides)})", bound

    def normals(self) -> list[Vector]:
        """Return the vector at right angles to each edge that points inside.

        Raises
        ------
        BadRequest
            If the polygon is not convex, or two neighbours are the same place or opposite.
        """
        vectors = [vector(*corner) for corner in self.corners]
        normals = [_cross(one, other) for one, other in pairwise([*vectors, vectors[0]])]
        if any(math.hypot(*normal) < 1e-12 for normal in normals):
            raise BadRequest(
                "A POLYGON in POS has two neighbouring corners at the same or at opposite places."
            )
        normals = [_unit(*normal) for normal in normals]
        sides = [_dot(normal, each) for normal in normals for each in vectors]
        if all(abs(side) < 1e-12 for side in sides):
            raise BadRequest("The corners of a POLYGON in POS must not be on one line.")
        if all(side >= -1e-12 for side in sides):
            return normals
        if all(side <= 1e-12 for side in sides):
            return [(-x, -y, -z) for x, y, z in normals]
        raise BadRequest("A POLYGON in POS must be convex and smaller than half of the sky.")


def parse(text: str) -> Region:
    """Return the region of a value of POS.

    Raises
    ------
    BadRequest
        If it is not a region.
    """
    kind, *rest = text.split()[: 2 * _MOST_VERTICES + 2] or [""]
    numbers = list(_numbers(rest))
    if kind.upper() == "CIRCLE" and len(numbers) == 3:
        ra, dec, radius = numbers
        if 0 <= ra <= 360 and abs(dec) <= 90 and 0 <= radius <= 180:
            return Circle(ra, dec, radius)
        raise BadRequest(
            "CIRCLE in POS needs ra from 0 to 360, dec from -90 to 90 and a radius from 0 to 180 degrees."
        )
    if kind.upper() == "RANGE" and len(numbers) == 4:
        return _range(*numbers)
    if kind.upper() == "POLYGON" and len(numbers) >= 6 and len(numbers) % 2 == 0:
        return _polygon(numbers)
    raise BadRequest(f"{_KINDS}.")


def vector(ra: float, dec: float) -> Vector:
    """Return the unit vector of a place in degrees."""
    ra, dec = math.radians(ra), math.radians(dec)
    return math.cos(dec) * math.cos(ra), math.cos(dec) * math.sin(ra), math.sin(dec)


def _range(first: float, last: float, south: float, north: float) -> Range:
    if math.isinf(first) or math.isinf(last):
        first, last = 0.0 if math.isinf(first) else first, 360.0 if math.isinf(last) else last
    south, north = -90.0 if south == -math.inf else south, 90.0 if north == math.inf else north
    if not (0 <= first <= 360 and 0 <= last <= 360 and -90 <= south <= north <= 90):
        raise BadRequest(
            "RANGE in POS needs ra from 0 to 360, and dec1 not above dec2, from -90 to 90 degrees."
        )
    return Range(first, last, south, north)


def _polygon(numbers: list[float]) -> Polygon:
    corners = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    if corners[0] == corners[-1]:
        # A caller may repeat the first corner at the end.
        corners = corners[:-1]
    if len(corners) > _MOST_VERTICES:
        raise BadRequest(f"A POLYGON in POS has at most {_MOST_VERTICES} corners.")
    if not all(0 <= ra <= 360 and abs(dec) <= 90 for ra, dec in corners):
        raise BadRequest("POLYGON in POS needs ra from 0 to 360 and dec from -90 to 90 degrees.")
    polygon = Polygon(corners)
    polygon.normals()
    return polygon


def _numbers(texts: list[str]) -> Iterator[float]:
    for text in texts:
        try:
            number = float(text)
        except ValueError:
            raise BadRequest(f"{_KINDS}.") from None
        if math.isnan(number):
            raise BadRequest(f"{_KINDS}.")
        yield number


def _unit(x: float, y: float, z: float) -> Vector:
    length = math.hypot(x, y, z) or 1.0
    return x / length, y / length, z / length


def _place(at: Vector) -> tuple[float, float]:
    x, y, z = at
    return math.degrees(math.atan2(y, x)) % 360, math.degrees(math.asin(max(-1.0, min(z, 1.0))))


def _distance(one: Vector, other: Vector) -> float:
    return math.degrees(2 * math.asin(min(1.0, math.dist(one, other) / 2)))


def _cross(one: Vector, other: Vector) -> Vector:
    return (
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    )


def _dot(one: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
