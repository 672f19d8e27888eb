"""A process that changes the config of one site again and again, and lists all configs after each change.

`python -m tests.faults.config_writer SITE CHANGES` says "ready", a line for each list that lacked its own
change, and "done".
"""

import json
import sys

from site_configs import listings, store


def say(line: str) -> None:
    """Write a line to the test that started this process."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Run."""
    site, changes = sys.argv[1], int(sys.argv[2])
    say("ready")
    for number in range(changes):
        store.write(site, {"number": number})
        listed = json.loads(listings.all_configs("", accepts_gzip=True).text())
        if listed[site] != {"number": number}:
            say(f"{listed[site]} was listed after {number} was stored")
    say("done")


if __name__ == "__main__":
    main()
