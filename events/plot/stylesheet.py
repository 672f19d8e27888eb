"""Colours and fonts of the picture, for light and dark screens."""

PAPER = ("#ffffff", "#0b0f17")
INK = ("#1b2333", "#e8ecf4")
FAINT_INK = ("#545e75", "#a3aec4")
SUN = ("#c94a00", "#ffb03b")
MOON = ("#16276b", "#d3dcff")
# The curves of targets. The number at each curve tells them apart without colours.
TARGETS = (
    ("#00563f", "#2fd6a0"),
    ("#8a1c6b", "#f08ecb"),
    ("#003f73", "#6cc3ff"),
    ("#6b4a00", "#f4e04a"),
    ("#7a1200", "#ff8a5c"),
)

# By CSS class: the property, and its values on a light and on a dark screen.
COLOURS = (
    (".paper", "fill", PAPER),
    (".day", "fill", ("#f3f8fd", "#33496b")),
    (".civil", "fill", ("#d9e4f4", "#273a58")),
    (".nautical", "fill", ("#bfcde6", "#1c2b45")),
    (".astronomical", "fill", ("#a5b5d6", "#131e33")),
    (".night", "fill", ("#8b9cc4", "#080d18")),
    (".title,.label", "fill", INK),
    (".note,.figure,.hour", "fill", FAINT_INK),
    (".grid", "stroke", ("#5a678733", "#c8d4f033")),
    (".horizon", "stroke", ("#3b465e", "#aab6d0")),
    (".leader", "stroke", ("#5a678799", "#a3b0cc88")),
    (".halo", "stroke", ("#ffffffb0", "#00000070")),
    (".way.sun", "stroke", SUN),
    (".way.moon", "stroke", MOON),
    (".dot", "stroke", PAPER),
    (".dot.sun", "fill", SUN),
    (".dot.moon", "fill", MOON),
    (".shadow", "fill", ("#2a3350", "#2a3350")),
    (".lit", "fill", ("#f6efd2", "#fbf6df")),
    (".swatch", "stroke", FAINT_INK),
    (".now", "stroke", INK),
    (".airmass", "stroke", FAINT_INK),
    (".words", "fill", INK),
    (".number", "fill", PAPER),
    *((f".way.t{number}", "stroke", colour) for number, colour in enumerate(TARGETS, 1)),
    *((f".disc.t{number}", "fill", colour) for number, colour in enumerate(TARGETS, 1)),
)

SHAPES = (
    "text{font-family:Helvetica,Arial,'Liberation Sans',sans-serif}"
    ".title{font-weight:bold}"
    ".hour,.figure{font-variant-numeric:tabular-nums}"
    ".number{font-weight:bold}"
    ".airmass{stroke-width:1;stroke-dasharray:1 4}"
    ".now{stroke-width:2}"
    ".way,.halo,.leader{fill:none}"
    ".way{stroke-width:3;stroke-linejoin:round}"
    ".halo{stroke-width:7;stroke-linejoin:round}"
    ".way.moon{stroke-dasharray:9 4}"
    ".horizon{stroke-width:1.5}"
    ".leader{stroke-width:1}"
    ".outside{stroke-dasharray:3 3}"
    ".tall{display:none}"
    "@media (max-aspect-ratio:1/1){.wide{display:none}.tall{display:inline}}"
)


def stylesheet() -> str:
    """Return the style sheet. The view's shape selects the page, the viewer's colour scheme the colours."""
    light, dark = (
        "".join(f"{classes}{{{name}:{values[scheme]}}}" for classes, name, values in COLOURS)
        for scheme in (0, 1)
    )
    return f"{SHAPES}{light}@media (prefers-color-scheme:dark){{{dark}}}"
