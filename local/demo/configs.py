"""The configs of the demo network's enclosures and observatories."""

from typing import Any

from local.demo.sites import SITES
from local.demo.templates import filled_in, read_data


def site_configurations() -> dict[str, dict[str, Any]]:
    """Return new configs, fit for JSON, by site: three enclosures with an observatory in each."""
    configs: dict[str, dict[str, Any]] = {}
    for site in SITES:
        names = {"site": site, "telescope": site.telescope}
        configs[site.enclosure] = filled_in(read_data("enclosure"), names)
        configs[site.observatory] = filled_in(read_data("observatory"), names)
    return configs
