"""An HTTP client for the API, built on `requests` like the site computers' programs."""

import requests

from support.contract import Contract


class ApiClient(requests.Session):
    """Calls paths relative to the API's base URL, with a timeout.

    Parameters
    ----------
    base_url
        The API's, without a slash at the end.
    contract
        The contract against which every response is checked; None for no check.
    """

    def __init__(self, base_url: str, contract: Contract | None = None) -> None:
        super().__init__()
        self.base_url = base_url
        self._contract = contract
        # ignore the developer's proxy settings and .netrc
        self.trust_env = False

    def request(self, method: str | bytes, url: str | bytes, *args, **kwargs) -> requests.Response:  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003
        kwargs.setdefault("timeout", 35)
        answer = super().request(method, f"{self.base_url}{url!s}", *args, **kwargs)
        if self._contract:
            # If a redirect was followed, only its first answer is the API's.
            self._contract.check(str(url), [*answer.history, answer][0])
        return answer
