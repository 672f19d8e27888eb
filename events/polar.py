"""Says in words where the Sun stays on a day on which it does not both rise and set."""

from events.crossings import Curve
from events.schedule import EVENING

HORIZON = EVENING["Sun Set"]


def sentence(sun: Curve) -> str | None:
    """Return where the Sun stays from noon to noon; None if it crosses the horizon.

    Parameters
    ----------
    sun
        The Sun's altitude through the night.
    """
    if sun.crossings(HORIZON):
        return None
    lowest, highest = sun.extremes()
    nearest, side = (lowest, "above") if lowest > HORIZON else (highest, "below")
    return f"The Sun stays at least {abs(nearest):.1f}° {side} the horizon all day."
