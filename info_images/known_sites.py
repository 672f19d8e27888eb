"""Checks whether the network knows a site.

The web UI clears the previous site's picture only on a 204. So a site without a picture must be distinguished
from an unknown site.
"""

from info_images import store
from info_images.packages import CHANNELS
from site_configs import store as site_configs


def is_known(site: str) -> bool:
    """Return whether a site has a config, ever awaited an info image, or has one on any channel.

    The most likely place comes first: one read for a site with a config, five for an unknown site.
    """
    return (
        site_configs.read(site) is not None
        or store.has_awaited_image(site)
        or any(store.read(site, channel) is not None for channel in CHANNELS)
    )
