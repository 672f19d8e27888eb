"""Site keys: what computers of sites and PIPEs send in the header `x-site-key`, in place of a user's token.

A key is 32 random bytes, and only its SHA-256 is kept. Slow hashes such as bcrypt make up for passwords that
can be guessed. Of 2^256 keys none can be, so a fast hash keeps them as safe and spares each request the wait.
"""

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from auth import store

SITE, PIPE = "site", "pipe"
KINDS = (SITE, PIPE)
KEY_BYTES = 32
# Two, so that a computer can be given its new key while the old one still opens.
KEYS_OF_ONE = 2
# A key that is made or revoked is so everywhere after this long.
KEPT_FOR_S = 60


@dataclass(frozen=True)
class Holder:
    """Whose a key is: the computers of a site, or a PIPE."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class StoredKey:
    """What is kept of a key: its SHA-256 in hexadecimal digits, and the UTC date on which it was made."""

    sha256: str
    made: str


class NoSuchHolder(Exception):
    """Nobody of that name holds a key."""


class AlreadyHolds(Exception):
    """A holder of that name has a key already."""


# Everybody's keys as they were last read, by the monotonic time until which they are good; one entry or none.
_kept: dict[float, dict[Holder, list[StoredKey]]] = {}


def holder(key: str) -> Holder | None:
    """Answer whose key it is, None if it is nobody's, by keys as they were at most `KEPT_FOR_S` ago.

    Every stored key is compared, and each in constant time: how long it takes tells nothing of any.
    """
    digest = _digest(key)
    found = None
    for candidate, keys in _known().items():
        for stored in keys:
            if hmac.compare_digest(stored.sha256, digest):
                found = candidate
    return found


def forget() -> None:
    """Have the keys read again when one is next shown."""
    _kept.clear()


def everybody() -> dict[Holder, list[StoredKey]]:
    """Answer every holder's keys, the newest last, as they are now."""
    return {Holder(*parts): _parsed(value) for parts, value in sorted(store.read_all().items())}


def hand_out(new: Holder) -> str:
    """Make the first key of a holder; answer it, for nobody can later.

    Raises
    ------
    AlreadyHolds
        If there is one already.
    """
    if new in everybody():
        raise AlreadyHolds(f"{new} has a key; rotate it, or revoke it first.")
    return _add(new, [])


def rotate(existing: Holder) -> str:
    """Make another key for a holder; answer it. The newest of the earlier ones stays good, older ones end.

    Raises
    ------
    NoSuchHolder
        If there is none yet.
    """
    return _add(existing, _keys(existing)[1 - KEYS_OF_ONE :])


def revoke(existing: Holder, *, earlier_only: bool) -> None:
    """End the keys of a holder, all of them or all but the newest.

    Raises
    ------
    NoSuchHolder
        If there is none.
    """
    keys = _keys(existing)
    if earlier_only:
        _write(existing, keys[-1:])
    else:
        store.delete(existing.kind, existing.name)


def _keys(existing: Holder) -> list[StoredKey]:
    keys = everybody().get(existing)
    if keys is None:
        raise NoSuchHolder(f"{existing} has no key.")
    return keys


def _add(to: Holder, keys: list[StoredKey]) -> str:
    key = secrets.token_urlsafe(KEY_BYTES)
    _write(to, [*keys, StoredKey(_digest(key), datetime.now(UTC).date().isoformat())])
    return key


def _write(to: Holder, keys: list[StoredKey]) -> None:
    store.write(to.kind, to.name, json.dumps([vars(key) for key in keys]))


def _known() -> dict[Holder, list[StoredKey]]:
    now = time.monotonic()
    for good_until, known in list(_kept.items()):
        if now < good_until:
            return known
    known = everybody()
    forget()
    _kept[now + KEPT_FOR_S] = known
    return known


def _parsed(value: str) -> list[StoredKey]:
    return [StoredKey(**key) for key in json.loads(value)]


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
