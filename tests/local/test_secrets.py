"""The secrets of the local parameter store."""

import pytest
import yaml

from common.settings import secret
from local import resources
from local.deployment import PROJECT


@pytest.mark.usefixtures("aws", "database")
def test_the_database_url_of_every_function_is_stored() -> None:
    resources.make_secrets()
    config = yaml.safe_load((PROJECT / "serverless.yml").read_text())
    environments = [
        config["provider"]["environment"],
        *(each.get("environment", {}) for each in config["functions"].values()),
    ]
    names = {each["DATABASE_URL_PARAMETER"] for each in environments if "DATABASE_URL_PARAMETER" in each}
    assert {"ingest-db-url", "owner-db-url"} <= names
    for name in names:
        assert secret(name).startswith("postgresql://")
