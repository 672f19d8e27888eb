"""Says in words where the Sun stays on a day on which it does not cross the horizon."""

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
    if highest < HORIZON:
        return f"The Sun stays at least {-highest:.1f}° below the horizon all day."
    if lowest >= 0:
        return f"The Sun stays at least {lowest:.1f}° above the horizon all day."
    # Sunset is when its centre is a little below the horizon.
    return f"The Sun does not set: its lowest altitude is {lowest:.1f}°."
