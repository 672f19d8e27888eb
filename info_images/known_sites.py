"""Which sites the network knows.

The web UI clears the picture of the site that was looked at before when the answer is 204, and on nothing
else. So a site that has not sent a picture yet must be told from a site that does not exist.
"""

from info_images import store
from info_images.packages import CHANNELS
from site_configs import store as site_configs


def is_known(site: str) -> bool:
    """Return whether a site has a config, awaits an info image, or has one on any channel.

    The most likely is looked up first: one read for a site with a config, five for a site that is unknown.
    """
    return (
        site_configs.read(site) is not None
        or store.awaits_image(site)
        or any(store.read(site, channel) is not None for channel in CHANNELS)
    )
