"""The position of a chart on its page, and the direction of time."""

from collections.abc import Iterator
from dataclasses import dataclass

from events.nights import Night
from events.plot.svg import Point


@dataclass(frozen=True)
class Frame:
    """A chart of altitude against time.

    Attributes
    ----------
    left, top, right, bottom
        Its edges on the page.
    upright
        Whether time runs down and altitude to the right; otherwise time runs to the right and altitude up.
    night
        The time it spans.
    lowest, highest
        The altitudes it spans (degrees).
    """

    left: float
    top: float
    right: float
    bottom: float
    upright: bool
    night: Night
    lowest: int
    highest: int

    def along(self, time: float) -> float:
        """Return the place of a time (Unix seconds) on the time axis; its edge if outside the night."""
        first, last = (self.top, self.bottom) if self.upright else (self.left, self.right)
        fraction = (time - self.night.start) / (self.night.end - self.night.start)
        return first + min(1, max(0, fraction)) * (last - first)

    def point(self, time: float, altitude: float) -> Point:
        """Return the point of a time (Unix seconds) and an altitude (degrees) on the page."""
        fraction = (altitude - self.lowest) / (self.highest - self.lowest)
        if self.upright:
            return self.left + fraction * (self.right - self.left), self.along(time)
        return self.along(time), self.bottom - fraction * (self.bottom - self.top)

    def beside(self, along: float, distance: float) -> Point:
        """Return the point at a distance from the chart, on the side of its labels."""
        return (self.right + distance, along) if self.upright else (along, self.bottom + distance)

    def before(self, along: float, distance: float) -> Point:
        """Return the point at a distance from the chart, on the side of its hours."""
        return (self.left - distance, along) if self.upright else (along, self.top - distance)

    def times(self, step: float) -> Iterator[float]:
        """Return times (Unix seconds) from noon to noon, `step` seconds apart."""
        count = round((self.night.end - self.night.start) / step)
        return (self.night.start + index * step for index in range(count + 1))
