"""Measure how soon the API recovers after a backend's return, for one disturbance played repeatedly.

`python -m benchmarks.recovery [--backend dynamodb] [--what cut] [--times 10]` plays the disturbed night of
`benchmarks.soak`, writes recovery.json into benchmarks/results/, and prints the recovery time of each round:
the time from the backend's return to the end of the last call that began after the return and failed or hung.
The exit status is 1 if a recovery time is longer than promised.
"""

import argparse
import sys
import time
from functools import partial
from typing import Any

from benchmarks import figures as kept
from benchmarks.figures import machine
from benchmarks.night import disturbances
from benchmarks.night.backends import POSTGRES, SERVICES, Backends
from benchmarks.night.disturbances import RECOVERY_S, Disturbance
from benchmarks.night.session import running
from benchmarks.soak import DELAY_S, DISTURBED_NIGHT
from support.proxy import Mode

DISTURBED_S, CALM_S = 8.0, RECOVERY_S + 3


def main() -> int:
    """Run the selected nights; return the exit status."""
    options = _options()
    disturbance = Disturbance(options.backend, options.what)
    print(f"{disturbance.backend} {disturbance.what}, {options.times} times ({machine()})", flush=True)
    rounds = _played(disturbance, options.times)
    kept.write("recovery", {"backend": options.backend, "what": options.what, "rounds": rounds})
    longest = max(each["recovery_s"] for each in rounds)
    print(f"the longest recovery took {longest} s; {RECOVERY_S:g} s are promised")
    return int(longest > RECOVERY_S)


def _played(disturbance: Disturbance, times: int) -> list[dict[str, Any]]:
    """Return for each round how long recovery took, and which calls suffered after the backend's return."""
    rounds = []
    with Backends(DELAY_S) as backends, running(DISTURBED_NIGHT, backends) as session:
        session.begin()
        time.sleep(CALM_S)
        for _ in range(times):
            window = disturbances.play(disturbance, backends, partial(time.sleep, DISTURBED_S))
            time.sleep(CALM_S)
            calls = [call for call in session.calls if not call.is_to_s3]
            late = [
                [call.route, call.status, round(call.seconds, 1), call.text] for call in window.late(calls)
            ]
            rounds.append({"recovery_s": round(window.recovery_s(calls), 1), "late": late})
            print(f"  {rounds[-1]['recovery_s']} s {late}", flush=True)
        session.end()
    return rounds


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recovery", description=__doc__)
    parser.add_argument("--backend", choices=[POSTGRES, *SERVICES], default="dynamodb")
    parser.add_argument("--what", choices=[mode.value for mode in Mode], default=Mode.CUT.value)
    parser.add_argument("--times", type=int, default=10)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
