"""The exposures of each demo observatory in a night."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from local.demo import ephemeris
from local.demo.sites import SITES, Site
from local.demo.targets import FILTERS, FILTERS_FOR, TARGETS, Filter, Kind, Target

FIRST_DAY: Final = date(2020, 1, 1)  # night from which file numbers count
DATA_TYPE: Final = "EX"
NUMBERS_PER_NIGHT: Final = 40
LIVE_NUMBERS_FROM: Final = 10  # more than a plan has
LOWEST_START: Final = 38.0
"""Altitude of a target at the start of its observation, so that it stays above 30 (degrees)."""
SLOTS: Final = ((0.10, 1), (0.42, 3), (0.76, 1))
"""For each observation its start, as a share of the dark time, and its number of exposures."""
READOUT_SECONDS: Final = 4.5
SITE_STEP: Final = 8  # offset between the sites' sequences of targets, so that they show different ones
KINDS: Final[tuple[Kind, ...]] = ("galaxy", "globular", "nebula", "galaxy", "planetary")
"""Preferred kind of target, from observation to observation."""
USERS: Final = (("Demo Observer", "auth0|demo-observer-1"), ("Demo Student", "auth0|demo-observer-2"))
"""Names and ids of those who request observations."""


@dataclass(frozen=True)
class Exposure:
    """One exposure.

    `night` is the local date of the evening, `start` is in UTC (naive). `stack` names the smart stack of the
    exposure, and `stack_index` counts from "1"; outside of a stack they are "no" and "".
    """

    site: Site
    night: date
    number: int
    target: Target
    start: datetime
    filter_: Filter
    user: str
    user_id: str
    stack: str
    stack_index: str
    stack_length: int

    @property
    def base_filename(self) -> str:
        """The beginning of the names of all its files."""
        instrument = self.site.telescope.instrument
        return f"{self.site.observatory}-{instrument}-{self.night:%Y%m%d}-{self.number:08d}"

    @property
    def seconds(self) -> float:
        """Exposure time (s)."""
        return self.filter_.exposure


def plan_night(site: Site, night: date) -> tuple[Exposure, ...]:
    """Return all exposures of the night that began on local date `night`, in order of time."""
    return tuple(_exposures(site, night))


def exposure_at(site: Site, night: date, start: datetime, count: int) -> Exposure:
    """Return an exposure outside the plan, for `DEMO=live`.

    Parameters
    ----------
    site, night
        Of the exposure; `night` is the local date of the evening.
    start
        Naive, UTC.
    count
        How many such exposures the site has taken in this night.
    """
    chance = random.Random(f"{site.observatory} {start}")
    target = _choose(site, start, start.toordinal() + count + SITES.index(site) * SITE_STEP, set())
    user, user_id = USERS[count % len(USERS)]
    return Exposure(
        site=site,
        night=night,
        number=(night - FIRST_DAY).days * NUMBERS_PER_NIGHT + LIVE_NUMBERS_FROM + count,
        target=target,
        start=start,
        filter_=FILTERS[chance.choice(FILTERS_FOR[target.kind])],
        user=user,
        user_id=user_id,
        stack="no",
        stack_index="",
        stack_length=1,
    )


def _exposures(site: Site, night: date) -> Iterator[Exposure]:
    chance = random.Random(f"{site.observatory} {night}")
    dusk, dawn = ephemeris.darkness(site, night)
    number = (night - FIRST_DAY).days * NUMBERS_PER_NIGHT
    taken: set[Target] = set()
    for slot, (share, length) in enumerate(SLOTS):
        start = dusk + (dawn - dusk) * (share + chance.uniform(0, 0.06))
        start -= timedelta(microseconds=start.microsecond % 1000)
        turn = night.toordinal() * len(SLOTS) + slot + SITES.index(site) * SITE_STEP
        target = _choose(site, start, turn, taken)
        taken.add(target)
        filter_ = FILTERS[chance.choice(FILTERS_FOR[target.kind])]
        user, user_id = chance.choice(USERS)
        for index in range(length):
            yield Exposure(
                site=site,
                night=night,
                number=number,
                target=target,
                start=start + index * timedelta(seconds=filter_.exposure + READOUT_SECONDS),
                filter_=filter_,
                user=user,
                user_id=user_id,
                stack=f"{start:%Y%m%d%H%M%S}" if length > 1 else "no",
                stack_index=str(index + 1) if length > 1 else "",
                stack_length=length,
            )
            number += 1


def _choose(site: Site, moment: datetime, turn: int, taken: set[Target]) -> Target:
    """Return a target that is high in the sky, if possible of the preferred kind."""
    high = [
        target
        for target in TARGETS
        if target not in taken and ephemeris.place(site, target, moment).altitude > LOWEST_START
    ]
    preferred = [target for target in high if target.kind == KINDS[turn % len(KINDS)]]
    choice = preferred or high
    return choice[turn // len(KINDS) % len(choice)]
