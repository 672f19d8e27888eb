"""MiniStack, run in an environment of its own as a child process."""

import os
import socket
import subprocess
import time
from pathlib import Path

from deploy.interpreter import lambda_python
from local.child import stay_until_parent_ends
from local.deployment import PROJECT

HOST = "127.0.0.1"
# The real path, not one through a link: the programs in the environment contain it. A copy of the project has
# only a link to this folder, and is deleted before the folder.
ENVIRONMENT = (PROJECT / ".local").resolve() / "ministack"
REQUIREMENTS = PROJECT / "requirements-ministack.txt"
_START_TIMEOUT_S = 60


def install() -> Path:
    """Make the environment, if it is missing or outdated; return its folder of programs."""
    made = ENVIRONMENT / REQUIREMENTS.name
    if not made.exists() or made.read_text() != REQUIREMENTS.read_text():
        # MiniStack runs deployed functions with its own Python. So this must be the Python of Lambda.
        subprocess.run([lambda_python(), "-m", "venv", "--clear", ENVIRONMENT], check=True)
        pip = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--require-hashes", "-r", str(REQUIREMENTS)], check=True)
        made.write_text(REQUIREMENTS.read_text())
    return ENVIRONMENT / "bin"


def main() -> None:
    """Serve on a free port, say where, and end when the parent ends."""
    programs = install()
    port = _free_port()
    process = subprocess.Popen(
        [programs / "ministack"],
        env={**os.environ, "BIND_HOST": HOST, "GATEWAY_PORT": str(port), "LOG_LEVEL": "ERROR"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_listens(process, port)
        stay_until_parent_ends({"url": f"http://{HOST}:{port}"})
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_until_it_listens(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + _START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("MiniStack did not start")


if __name__ == "__main__":
    main()
