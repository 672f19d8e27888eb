"""The Moon's disc as seen from a site."""

from events.plot.svg import Point, element


def disc(centre: Point, radius: float, illumination: float, *, lit_right: bool) -> str:
    """Return a picture of the Moon's phase.

    The terminator, the border of the lit part, is half an ellipse. Its short axis is such that `illumination`
    of the disc's area is lit.

    Parameters
    ----------
    centre, radius
        The disc, on the page.
    illumination
        Its lit share (0 to 1).
    lit_right
        Whether its right side is lit.
    """
    x, y = centre
    top, bottom = f"{x:.1f} {y - radius:.1f}", f"{x:.1f} {y + radius:.1f}"
    short = abs(2 * illumination - 1) * radius
    outer = 1 if lit_right else 0
    # The terminator bulges into the dark side of a gibbous Moon and into the lit side of a crescent.
    inner = outer if illumination > 1 / 2 else 1 - outer
    path = f"M{top}A{radius} {radius} 0 0 {outer} {bottom}A{short:.1f} {radius} 0 0 {inner} {top}Z"
    return element("circle", cx=x, cy=y, r=radius, class_="shadow") + element("path", d=path, class_="lit")
