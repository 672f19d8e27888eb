"""Site keys: sent by computers of sites and PIPEs in the header `x-site-key`, in place of a user's token.

A key is 32 random bytes, and only its SHA-256 is stored. Slow hashes such as bcrypt protect passwords that
can be guessed. A random key of 256 bits cannot be guessed, so a fast hash is as safe and saves time on each
request.
"""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from auth import store
from common import logs
from common.cached import Cached

SITE, PIPE = "site", "pipe"
KINDS = (SITE, PIPE)
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
KEY_BYTES = 32
# Two, so that a computer can get its new key while the old one is still valid.
MAX_KEYS_PER_HOLDER = 2
# A new or revoked key takes effect everywhere within this time.
GOOD_FOR_S = 60


@dataclass(frozen=True)
class Holder:
    """The holder of a key: the computers of a site, or a PIPE."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class StoredKey:
    """A stored key: its SHA-256 in hexadecimal digits, and the UTC date on which it was made."""

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
        What is wrong with each unreadable parameter, by its name. Its keys are not valid.
    """

    keys: dict[Holder, list[StoredKey]]
    malformed: dict[str, str]


class Malformed(Exception):
    """The stored keys of a holder cannot be read."""


class NoSuchHolder(Exception):
    """No holder of that name has a key."""


class AlreadyHolds(Exception):
    """A holder of that name has a key already."""


_SHA256 = re.compile(r"[0-9a-f]{64}")


def holder(key: str) -> Holder | None:
    """Return the holder of a key, or None. The stored keys are cached for `GOOD_FOR_S`.

    Every stored key is compared in constant time, so the duration reveals nothing about a key.
    """
    digest = _digest(key)
    found = None
    for candidate, keys in _valid_keys.get().items():
        for stored in keys:
            if hmac.compare_digest(stored.sha256, digest):
                found = candidate
    return found


def forget() -> None:
    """Drop the cached keys, so that the next check reads them again."""
    _valid_keys.forget()


def read() -> Stored:
    """Return the stored keys. A malformed parameter affects only its own holder."""
    stored = Stored({}, {})
    for parameter, value in sorted(store.read_all().items()):
        try:
            stored.keys[_holder_of(parameter)] = _parsed(value)
        except Malformed as error:
            stored.malformed[parameter] = str(error)
    return stored


def hand_out(new: Holder) -> str:
    """Make and return the first key of a holder. It cannot be read again later.

    Raises
    ------
    AlreadyHolds
        If the holder has a key already.
    Malformed
        If the stored keys of the holder cannot be read.
    """
    if new in _readable(new).keys:
        raise AlreadyHolds(f"{new} has a key; rotate it, or revoke it first.")
    return _add(new, [])


def rotate(existing: Holder) -> str:
    """Make and return another key for a holder. The newest earlier key stays valid; older ones end.

    Raises
    ------
    NoSuchHolder
        If the holder has no key yet.
    Malformed
        If the stored keys of the holder cannot be read.
    """
    return _add(existing, _keys(existing)[1 - MAX_KEYS_PER_HOLDER :])


def revoke(existing: Holder, *, earlier_only: bool) -> None:
    """End all keys of a holder, or all but the newest. Malformed keys can be ended too.

    Raises
    ------
    NoSuchHolder
        If the holder has no key.
    Malformed
        If the newest key is to stay and the stored keys of the holder cannot be read.
    """
    if earlier_only:
        _write(existing, _keys(existing)[-1:])
        return
    stored = read()
    if existing not in stored.keys and _parameter(existing) not in stored.malformed:
        raise NoSuchHolder(f"{existing} has no key.")
    store.delete(existing.kind, existing.name)


def _readable(holder_: Holder) -> Stored:
    """Return what is stored, after checking that the keys of one holder can be read."""
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


def _read_valid_keys() -> dict[Holder, list[StoredKey]]:
    stored = read()
    if stored.malformed:
        fields = {"parameters": list(stored.malformed)}
        logs.logger.warning("malformed site keys", extra={"fields": fields})
    return stored.keys


_valid_keys = Cached(_read_valid_keys, GOOD_FOR_S)


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
        raise Malformed("its value has something other than the SHA-256 and the date of a key")
    return keys


def _is_digest(text: object) -> bool:
    return isinstance(text, str) and _SHA256.fullmatch(text) is not None


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
