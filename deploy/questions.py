"""Asking an API over HTTP whether a route answers as it should."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import requests

# As long as API Gateway may take, and its way back.
_TIMEOUT_S = 35
# A new deployment takes seconds until every one of API Gateway's hosts has it.
ATTEMPTS = 4
_SERVER_ERROR = 500
_SHOWN = 200


class WrongAnswer(Exception):
    """A route does not answer as it should. The sentence says which, and what it answers."""


@dataclass(frozen=True)
class Question:
    """A request, and what its answer must be.

    Attributes
    ----------
    path
        After the base URL, query included.
    looks_right
        Tells whether an answer with one of `statuses` is right; what it raises counts as no.
    if_it_fails
        What to look at when the answer is a 5xx.
    """

    path: str
    looks_right: Callable[[requests.Response], Any]
    method: str = "GET"
    statuses: tuple[int, ...] = (200,)
    json: Any = None
    token: str = ""
    if_it_fails: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Asker:
    """Asks the API at `base_url`, again after a pause where the server fails.

    Parameters
    ----------
    base_url
        The URL in front of every route.
    attempts, pause_s
        How often a question is asked at most, and the seconds between.
    """

    def __init__(self, base_url: str, *, attempts: int = ATTEMPTS, pause_s: float = 5) -> None:
        self._base_url = base_url.rstrip("/")
        self._attempts = attempts
        self._pause_s = pause_s
        self._session = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._session.close()

    def ask(self, question: Question) -> requests.Response:
        """Answer the answer to `question`.

        Raises
        ------
        WrongAnswer
            If it is not as it should be.
        """
        answer = self._answer(question)
        if answer.status_code not in question.statuses:
            allowed = " or ".join(map(str, question.statuses))
            said = answer.text[:_SHOWN]
            if answer.status_code >= _SERVER_ERROR and question.if_it_fails:
                said += f". {question.if_it_fails}"
            raise WrongAnswer(f"{question} answers {answer.status_code}, not {allowed}: {said}")
        if answer.headers.get("Access-Control-Allow-Origin") != "*":
            raise WrongAnswer(f"{question} answers without CORS headers: no browser may read it.")
        if not _right(question, answer):
            raise WrongAnswer(f"{question} answers {answer.status_code}, but this: {answer.text[:_SHOWN]}")
        return answer

    def _answer(self, question: Question) -> requests.Response:
        for left in reversed(range(self._attempts)):
            try:
                answer = self._send(question)
            except requests.RequestException as error:
                if not left:
                    raise WrongAnswer(f"{question} gets no answer: {error}") from error
            else:
                if answer.status_code < _SERVER_ERROR or not left:
                    return answer
            time.sleep(self._pause_s)
        raise ValueError("attempts must be at least 1")

    def _send(self, question: Question) -> requests.Response:
        headers = {"Authorization": f"Bearer {question.token}"} if question.token else {}
        return self._session.request(
            question.method,
            self._base_url + question.path,
            json=question.json,
            headers=headers,
            timeout=_TIMEOUT_S,
        )


def _right(question: Question, answer: requests.Response) -> bool:
    try:
        return bool(question.looks_right(answer))
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
