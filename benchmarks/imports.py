"""How long each service's handlers take to import in a fresh interpreter: milliseconds, the best of five."""

import re
import subprocess
import sys

from benchmarks import figures
from benchmarks.machine import machine
from local.deployment import PROJECT, Deployment

RUNS = 5
# cumulative microseconds and name, of what is imported at the top level
_LINE = re.compile(r"import time:\s+\d+ \|\s+(\d+) \| (\S+)$")


def main() -> None:
    """Print a line for each handler module, and keep the figures."""
    print(f"Imports of handler modules, best of {RUNS} ({machine()})")
    handlers = {function.handler for function in Deployment().functions.values()}
    modules = {handler.rpartition(".")[0].replace("/", ".") for handler in handlers}
    kept = {}
    for module in sorted(modules):
        kept[module] = min(_import_ms(module) for _ in range(RUNS))
        print(f"  {module:28} {kept[module]:7.1f} ms")
    figures.write("imports", figures.rounded(kept))


def _import_ms(module: str) -> float:
    """Answer what `-X importtime` reckons for `module` and all that it imports."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import {module}"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
        text=True,
    )
    package = module.partition(".")[0]
    lines = [_LINE.match(line) for line in ran.stderr.splitlines()]
    # The package is listed apart from its module, each with all that it brought in.
    return sum(int(line[1]) for line in lines if line and line[2] in {package, module}) / 1000


if __name__ == "__main__":
    main()
