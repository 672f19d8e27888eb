"""Makes, rotates, revokes and lists site keys: `python -m auth.keys --help`.

Runs on an administrator's computer, with AWS credentials that may read and write the parameters /site-keys.
"""

import argparse
import sys
from collections.abc import Sequence

from auth import site_keys
from auth.site_keys import AlreadyHolds, Holder, Malformed, NoSuchHolder
from common import commands

_FINGERPRINT_DIGITS = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    wanted = _parser().parse_args(arguments)
    return commands.run(lambda: _do(wanted))


def _do(wanted: argparse.Namespace) -> int:
    try:
        _write(wanted.do(wanted))
    except (AlreadyHolds, Malformed, NoSuchHolder) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _hand_out(wanted: argparse.Namespace) -> list[str]:
    return [site_keys.hand_out(Holder(wanted.kind, wanted.name))]


def _rotate(wanted: argparse.Namespace) -> list[str]:
    return [site_keys.rotate(Holder(wanted.kind, wanted.name))]


def _revoke(wanted: argparse.Namespace) -> list[str]:
    site_keys.revoke(Holder(wanted.kind, wanted.name), earlier_only=wanted.earlier)
    return []


def _list(_wanted: argparse.Namespace) -> list[str]:
    stored = site_keys.read()
    for parameter, reason in stored.malformed.items():
        sys.stderr.write(f"{parameter} gives no access: {reason}. Revoke it, or delete the parameter.\n")
    return [
        f"{holder.kind:4}  {holder.name:16}  {key.made}  {key.sha256[:_FINGERPRINT_DIGITS]}"
        for holder, keys in stored.keys.items()
        for key in keys
    ]


def _write(lines: list[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m auth.keys", description="Site keys.")
    words = parser.add_subparsers(required=True)
    of_holder = argparse.ArgumentParser(add_help=False)
    of_holder.add_argument("kind", choices=site_keys.KINDS)
    of_holder.add_argument("name", type=_name, help="a site code, or the name of a PIPE")

    make = words.add_parser("make", parents=[of_holder], help="make the first key, and show it only now")
    make.set_defaults(do=_hand_out)
    rotate = words.add_parser(
        "rotate", parents=[of_holder], help="make a new key, show it only now; the previous one stays valid"
    )
    rotate.set_defaults(do=_rotate)
    revoke = words.add_parser("revoke", parents=[of_holder], help="end all keys")
    revoke.add_argument("--earlier", action="store_true", help="end all but the newest")
    revoke.set_defaults(do=_revoke)
    listing = words.add_parser("list", help="show who has keys: date, and how the SHA-256 begins")
    listing.set_defaults(do=_list)
    return parser


def _name(text: str) -> str:
    if not site_keys.NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("1 to 64 of the characters A-Z a-z 0-9 _ . -")
    return text


if __name__ == "__main__":
    sys.exit(main())
