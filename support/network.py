"""The names of the network of the tests and benchmarks: network.yml, or the file that NETWORK names."""

from local.deployment import Deployment

_DEPLOYMENT = Deployment()
_NETWORK = _DEPLOYMENT.network

BASE_PATH = _DEPLOYMENT.base_path
BUCKET = str(_NETWORK["bucket"])
REGION = str(_NETWORK["region"])
SERVICE = str(_NETWORK["service"])
UI_URL = str(_NETWORK["ui"]["url"])
UI_ICON_URL = str(_NETWORK["ui"]["icon"])
ROLES_CLAIM = str(_NETWORK["auth0"]["claim"])
CONFIG_TABLE = str(_NETWORK["tables"]["siteConfigs"])
