"""Site keys: what computers of sites and PIPEs send in the header `x-site-key`, in place of a user's token.

A key is 32 random bytes, and only its SHA-256 is kept. Slow hashes such as bcrypt make up for passwords that
can be guessed. Of 2^256 keys none can be, so a fast hash keeps them as safe and spares each request the wait.
"""

import hashlib
import hmac
import json
import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from auth import store
from common import logs

SITE, PIPE = "site", "pipe"
KINDS = (SITE, PIPE)
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
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


@dataclass(frozen=True)
class Stored:
    """All that is stored.

    Attributes
    ----------
    keys
        Every holder's keys, the newest last.
    malformed
        By the name of each parameter that cannot be read, what is wrong with it. It opens nothing.
    """

    keys: dict[Holder, list[StoredKey]]
    malformed: dict[str, str]


class Malformed(Exception):
    """What is stored of a holder cannot be read."""


class NoSuchHolder(Exception):
    """Nobody of that name holds a key."""


class AlreadyHolds(Exception):
    """A holder of that name has a key already."""


_SHA256 = re.compile(r"[0-9a-f]{64}")

# Everybody's keys as they were last read, by the monotonic time until which they are good; one entry or none.
_kept: dict[float, dict[Holder, list[StoredKey]]] = {}


def holder(key: str) -> Holder | None:
    """Return whose key it is, None if it is nobody's, by keys as they were at most `KEPT_FOR_S` ago.

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


def read() -> Stored:
    """Return what is stored now. A malformed parameter costs its own holder the keys, and nobody else."""
    stored = Stored({}, {})
    for parameter, value in sorted(store.read_all().items()):
        try:
            stored.keys[_holder_of(parameter)] = _parsed(value)
        except Malformed as error:
            stored.malformed[parameter] = str(error)
    return stored


def hand_out(new: Holder) -> str:
    """Make the first key of a holder; answer it, for nobody can later.

    Raises
    ------
    AlreadyHolds
        If there is one already.
    Malformed
        If what is stored of the holder cannot be read.
    """
    if new in _readable(new).keys:
        raise AlreadyHolds(f"{new} has a key; rotate it, or revoke it first.")
    return _add(new, [])


def rotate(existing: Holder) -> str:
    """Make another key for a holder; answer it. The newest of the earlier ones stays good, older ones end.

    Raises
    ------
    NoSuchHolder
        If there is none yet.
    Malformed
        If what is stored of the holder cannot be read.
    """
    return _add(existing, _keys(existing)[1 - KEYS_OF_ONE :])


def revoke(existing: Holder, *, earlier_only: bool) -> None:
    """End the keys of a holder, all of them or all but the newest. All of them also where they are malformed.

    Raises
    ------
    NoSuchHolder
        If there is none.
    Malformed
        If the newest is to stay and what is stored of the holder cannot be read.
    """
    if earlier_only:
        _write(existing, _keys(existing)[-1:])
        return
    stored = read()
    if existing not in stored.keys and _parameter(existing) not in stored.malformed:
        raise NoSuchHolder(f"{existing} has no key.")
    store.delete(existing.kind, existing.name)


def _readable(holder_: Holder) -> Stored:
    """Return what is stored, where that of one holder can be read."""
    stored = read()
    reason = stored.malformed.get(_parameter(holder_))
    if reason is not None:
        raise Malformed(f"{_parameter(holder_)} cannot be read: {reason}. Revoke it first.")
    return stored


def _parameter(holder_: Holder) -> str:
    return store.parameter(holder_.kind, holder_.name)


def _keys(existing: Holder) -> list[StoredKey]:
    keys = _readable(existing).keys.get(existing)
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
    stored = read()
    if stored.malformed:
        fields = {"parameters": list(stored.malformed)}
        logs.logger.warning("malformed site keys", extra={"fields": fields})
    known = stored.keys
    forget()
    _kept[now + KEPT_FOR_S] = known
    return known


def _holder_of(parameter: str) -> Holder:
    kind, _, name = parameter.removeprefix(f"{store.PATH}/").partition("/")
    if kind not in KINDS or not NAME.fullmatch(name):
        raise Malformed("its name is not /site-keys/site/{code} or /site-keys/pipe/{name}")
    return Holder(kind, name)


def _parsed(value: str) -> list[StoredKey]:
    try:
        keys = [StoredKey(**key) for key in json.loads(value)]
    except (ValueError, TypeError, RecursionError) as error:
        raise Malformed("its value is not a list of keys in JSON") from error
    if not all(_is_digest(key.sha256) and isinstance(key.made, str) for key in keys):
        raise Malformed("its value has something else than SHA-256 and date of a key")
    return keys


def _is_digest(text: object) -> bool:
    return isinstance(text, str) and _SHA256.fullmatch(text) is not None


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
