"""A process that changes the config of one site again and again, and lists all configs after each change.

`python -m tests.faults.config_writer SITE CHANGES` prints a line for each list that lacked its own change, and
"done" at the end.
"""

import json
import sys

from site_configs import listings, store


def main() -> None:
    """Run."""
    site, changes = sys.argv[1], int(sys.argv[2])
    print("ready", flush=True)
    for number in range(changes):
        store.write(site, {"number": number})
        listed = json.loads(listings.all_configs("", accepts_gzip=True).text())
        if listed[site] != {"number": number}:
            print(f"{listed[site]} was listed after {number} was stored", flush=True)
    print("done", flush=True)


if __name__ == "__main__":
    main()
