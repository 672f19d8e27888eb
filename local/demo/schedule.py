"""What each demo observatory observed in a night, and when."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from local.demo import ephemeris
from local.demo.filters import FILTERS, FILTERS_FOR, Filter
from local.demo.sites import SITES, Site
from local.demo.targets import Kind, Target, targets

FIRST_DAY: Final = date(2020, 1, 1)
"""Night from which file numbers count."""
NUMBERS_PER_NIGHT: Final = 40
LOWEST_START: Final = 38.0
"""Altitude that a target needs when its observation starts, so that it stays above 30 (degrees)."""
STACK_SLOT: Final = 1
"""Which of the night's observations is a smart stack."""
STACK_LENGTH: Final = 3
SLOTS: Final = (0.10, 0.42, 0.76)
"""When the observations start: share of the dark time that has passed."""
READOUT_SECONDS: Final = 4.5
SITE_STEP: Final = 8
"""How far the sites' turns of choosing a target are from each other."""
KINDS: Final[tuple[Kind, ...]] = ("galaxy", "globular", "nebula", "galaxy", "planetary")
"""Kinds of target in the order in which they are preferred from slot to slot and night to night."""


@dataclass(frozen=True)
class User:
    """Somebody who observes: display name and id."""

    name: str
    user_id: str


USERS: Final = (
    User("Demo Observer", "auth0|demo-observer-1"),
    User("Demo Student", "auth0|demo-observer-2"),
)


@dataclass(frozen=True)
class Exposure:
    """One exposure of the schedule.

    Parameters
    ----------
    site
        Where it was taken.
    night
        Local date on which the observing night began.
    number
        Number in the file name, which grows with time.
    target
        What it shows.
    start
        When it began (naive, UTC).
    filter_
        What it was taken through.
    user
        Who asked for it.
    stack, stack_index
        Name of the smart stack that it is part of, and its number therein from "1"; "no" and "" outside
        of one.
    """

    site: Site
    night: date
    number: int
    target: Target
    start: datetime
    filter_: Filter
    user: User
    stack: str
    stack_index: str
    stack_length: int

    @property
    def base_filename(self) -> str:
        """What the names of all its files begin with."""
        instrument = self.site.telescope.instrument
        return f"{self.site.observatory}-{instrument}-{self.night:%Y%m%d}-{self.number:08d}"

    @property
    def seconds(self) -> float:
        """Exposure time (s)."""
        return self.filter_.exposure


def plan_night(site: Site, night: date) -> tuple[Exposure, ...]:
    """All exposures of a site's night that began on local date `night`, in order of time."""
    chance = random.Random(f"{site.observatory} {night}")
    dusk, dawn = ephemeris.darkness(site, night)
    exposures: list[Exposure] = []
    for slot, share in enumerate(SLOTS):
        passed = (dawn - dusk) * (share + chance.uniform(0, 0.06))
        start = dusk + timedelta(milliseconds=round(passed.total_seconds() * 1000))
        start -= timedelta(microseconds=start.microsecond % 1000)
        taken = {exposure.target for exposure in exposures}
        target = _choose(site, start, _turn(site, night, slot), taken)
        exposures += _observe(exposures, slot, Pointing(site, night, target, start), chance)
    return tuple(exposures)


@dataclass(frozen=True)
class Pointing:
    """A target that one observation is of: one exposure of it, or a smart stack."""

    site: Site
    night: date
    target: Target
    start: datetime


def _turn(site: Site, night: date, slot: int) -> int:
    """Count a site's observations, each site from elsewhere so that they show different things."""
    return night.toordinal() * len(SLOTS) + slot + SITES.index(site) * SITE_STEP


def _choose(site: Site, moment: datetime, turn: int, taken: set[Target]) -> Target:
    """Pick a target that stands high, if possible of the kind whose turn it is."""
    high = [
        target
        for target in targets()
        if target not in taken and ephemeris.place(site, target, moment).altitude > LOWEST_START
    ]
    preferred = [target for target in high if target.kind == KINDS[turn % len(KINDS)]]
    choice = preferred or high
    return choice[turn // len(KINDS) % len(choice)]


def _observe(before: list[Exposure], slot: int, pointing: Pointing, chance: random.Random) -> list[Exposure]:
    """Expose once, or, in the slot of the smart stack, several times without pause."""
    site, night, start = pointing.site, pointing.night, pointing.start
    filter_ = FILTERS[chance.choice(FILTERS_FOR[pointing.target.kind])]
    user = chance.choice(USERS)
    stacked = slot == STACK_SLOT
    first = (night - FIRST_DAY).days * NUMBERS_PER_NIGHT + len(before)
    return [
        Exposure(
            site=site,
            night=night,
            number=first + index,
            target=pointing.target,
            start=start + index * timedelta(seconds=filter_.exposure + READOUT_SECONDS),
            filter_=filter_,
            user=user,
            stack=f"{start:%Y%m%d%H%M%S}" if stacked else "no",
            stack_index=str(index + 1) if stacked else "",
            stack_length=STACK_LENGTH if stacked else 1,
        )
        for index in range(STACK_LENGTH if stacked else 1)
    ]
