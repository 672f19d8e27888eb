"""Simulate a night with 50 sites: check load and leaks, then responses and data while backends fail.

`python -m benchmarks.soak [--minutes 10] [--only load|chaos]` writes soak.json and chaos.json into
benchmarks/results/. The exit status is 1 where a promise was broken. The actors run in this process. The
stack, PostgreSQL and moto's server (for AWS) each run in their own process.
"""

import argparse
import os
import sys
import time
from functools import partial

from benchmarks import figures as kept
from benchmarks.figures import machine
from benchmarks.night import disturbances, report
from benchmarks.night.backends import Backends
from benchmarks.night.resource_usage import Watcher
from benchmarks.night.session import Size, running

NIGHT = Size(
    sites=50,
    pipes=8,
    viewers=10,
    exposure_s=120,
    poll_s=5,
    view_s=2,
    operator_s=15,
    lease_s=60,
    forget_s=20,
    ask_again_s=5,
)
# Fewer actors than in a normal night, but busier ones, so that each fault affects every route.
DISTURBED_NIGHT = Size(
    sites=6,
    pipes=4,
    viewers=5,
    exposure_s=6,
    poll_s=1.5,
    view_s=0.7,
    operator_s=3,
    lease_s=30,
    forget_s=1,
    ask_again_s=0.5,
)
DELAY_S = 4.0
DISTURBED_S, CALM_S = 12.0, 8.0
SAMPLE_EVERY_S = 5.0
MOST_MINUTES = 120


def main() -> int:
    """Run the selected nights; return the exit status."""
    options = _options()
    broken: list[str] = []
    if options.only in (None, "load"):
        broken += _load(options.minutes)
    if options.only in (None, "chaos"):
        broken += _chaos()
    print("every promise was kept" if not broken else "\n".join(["broken:", *broken]))
    return int(bool(broken))


def _load(minutes: float) -> list[str]:
    """Run a night without faults; return what is wrong."""
    print(f"A night with {NIGHT.sites} sites, for {minutes:g} minutes ({machine()})", flush=True)
    with Backends() as backends, running(NIGHT, backends) as session:
        watcher = Watcher(session.pid, backends.database.url, session.work_folder, SAMPLE_EVERY_S)
        began = time.monotonic()
        session.begin()
        watcher.start()
        time.sleep(minutes * 60)
        watcher.stop()
        session.end()
        calls, seconds = list(session.calls), time.monotonic() - began
        findings = session.check(in_order=True)
    figures = report.load(calls, seconds, watcher.samples, findings)
    kept.write("soak", {"night": vars(NIGHT), "seconds": round(seconds), **figures})
    print(report.load_text(figures))
    return report.load_faults(figures)


def _chaos() -> list[str]:
    """Run a night in which every backend fails in every way; return what is wrong."""
    print(f"Every backend killed, slowed and cut off ({machine()})", flush=True)
    with Backends(DELAY_S) as backends, running(DISTURBED_NIGHT, backends) as session:
        watcher = Watcher(session.pid, backends.database.url, session.work_folder, SAMPLE_EVERY_S)
        session.begin()
        time.sleep(CALM_S)
        before = watcher.sample()
        windows = []
        for disturbance in disturbances.ALL:
            windows.append(disturbances.play(disturbance, backends, partial(time.sleep, DISTURBED_S)))
            print(f"  {disturbance.backend} {disturbance.what}", flush=True)
            time.sleep(CALM_S)
        session.end()
        calls, after = list(session.calls), watcher.sample()
        findings = session.check(in_order=False)
    figures = report.chaos(calls, windows, (before, after), findings)
    kept.write("chaos", {"night": vars(DISTURBED_NIGHT), "delay_s": DELAY_S, **figures})
    print(report.chaos_text(figures))
    return report.chaos_faults(figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("SOAK_MINUTES") or 10))
    parser.add_argument("--only", choices=["load", "chaos"])
    options = parser.parse_args()
    if not 0 < options.minutes <= MOST_MINUTES:
        parser.error(f"--minutes must be above 0 and at most {MOST_MINUTES}")
    return options


if __name__ == "__main__":
    sys.exit(main())
