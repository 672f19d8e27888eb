"""Every threshold of `now.attention`, with its reason: from this value on, something needs attention.

docs/now.md shows the same table. A test compares them.
"""

from typing import NamedTuple

from events.schedule import EVENING


class Threshold(NamedTuple):
    """A threshold.

    Attributes
    ----------
    value
        In `unit`.
    unit
        For people.
    factor
        How many seconds (or degrees, or pieces) one `unit` is.
    meaning
        What is compared with it.
    reason
        Why this value.
    """

    value: float
    unit: str
    factor: float
    meaning: str
    reason: str


MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0

DARK = Threshold(
    EVENING["Naut Dusk"],
    "°",
    1,
    "it is dark: the Sun's altitude is below",
    "observing begins five minutes after Naut Dusk",
)
SILENT = Threshold(
    30,
    "min",
    MINUTE_S,
    "a dark observatory is silent: it sent nothing for",
    "an exposure takes ten minutes at most, so at least two are missing",
)
SILENT_FOR_LONG = Threshold(
    3,
    "days",
    DAY_S,
    "a silent observatory is only a notice after",
    "repairs and bad weather may take longer, and by then someone knows of them",
)
CLOCK_AHEAD = Threshold(
    10,
    "min",
    MINUTE_S,
    "a date is wrong, and is ignored, if it is ahead by more than",
    "a clock may be a little fast; a mistyped year must not hide a silence",
)
JOB_WAITS = Threshold(
    60,
    "min",
    MINUTE_S,
    "the oldest job waits too long: nobody took it for",
    "the alarm AlarmOldestItem has the same limit, but also counts leased jobs, and waits for three reports",
)
HANDED_OUT_OFTEN = Threshold(
    3,
    "times",
    1,
    "a job is stuck: it was handed out at least",
    "one lost lease may be a restart of a PIPE; two show that the job itself fails",
)
DEAD_LETTERS = Threshold(
    1,
    "item",
    1,
    "a queue has dead letters: at least",
    "nobody works on a dead letter until someone puts it back",
)
PIPE_SILENT = Threshold(
    15,
    "min",
    MINUTE_S,
    "a PIPE is silent: it sent no status for",
    "a PIPE polls every 30 s and may be quiet only during a job of some minutes",
)
PIPE_SILENT_FOR_LONG = Threshold(
    7,
    "days",
    DAY_S,
    "a silent PIPE is only a notice after",
    "a machine that is away for a week is retired: remove its status",
)

THRESHOLDS = (
    DARK,
    SILENT,
    SILENT_FOR_LONG,
    CLOCK_AHEAD,
    JOB_WAITS,
    HANDED_OUT_OFTEN,
    DEAD_LETTERS,
    PIPE_SILENT,
    PIPE_SILENT_FOR_LONG,
)
