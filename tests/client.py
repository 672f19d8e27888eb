"""A caller of the API: plain `requests`, as site computers use it."""

import requests


class ApiClient(requests.Session):
    """Calls paths relative to the API's base URL, with a timeout."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.base_url = base_url
        # a proxy or a .netrc of the developer's has no business here
        self.trust_env = False

    def request(self, method: str | bytes, url: str | bytes, *args, **kwargs) -> requests.Response:  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003
        kwargs.setdefault("timeout", 35)
        return super().request(method, f"{self.base_url}{url!s}", *args, **kwargs)
