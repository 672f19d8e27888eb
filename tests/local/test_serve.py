"""`python -m local` as a user runs it: started, stopped, killed, and two at the same time."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest
import requests

from local.deployment import PROJECT
from site_configs import store
from support.network import BUCKET

# Fake keys that must not appear in a request; a role, a profile and a proxy that must not be used.
CALLERS_AWS = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "NO_PROXY": "example.org",
    "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real-token",
    "AWS_PROFILE": "real",
    "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/real",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere",
    "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9",
}


class Serve:
    """A running `make serve` without demo data."""

    def __init__(self, port: int, **environment: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        inherited.pop("DATABASE_URL", None)
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "local"],
            cwd=PROJECT,
            env={**inherited, "PORT": str(port), "DEMO": "0", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.output: list[str] = []
        self._lines: Queue[str | None] = Queue()
        self.reader = Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, words: str, timeout_s: float = 60) -> str:
        """Return the next line of the output that contains `words`."""
        while (line := self._lines.get(timeout=timeout_s)) is not None:
            self.output.append(line)
            if words in line:
                return line
        raise AssertionError("".join(self.output))

    @property
    def base_url(self) -> str:
        return self.wait_for("The API is at ").split()[-1]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@contextmanager
def serving(port: int = 0, **environment: str) -> Iterator[Serve]:
    serve = Serve(port, **environment)
    try:
        yield serve
    finally:
        if serve.process.poll() is None:
            serve.process.kill()
        serve.process.wait(30)
        serve.reader.join(30)  # it reads until the last child closes the output
        assert not serve.reader.is_alive()


@pytest.fixture
def work_folder() -> Iterator[Path]:
    """Return a folder for temporary files with a path short enough for PostgreSQL's socket."""
    with tempfile.TemporaryDirectory(prefix="serve-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes_of(parent_pid: int, folder: Path) -> set[int]:
    """Return the process ids of a stack's children and of PostgreSQL, which works in `folder`."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes().decode()
        except OSError:
            continue
        if parent == parent_pid or str(folder) in command:
            found.add(int(entry.name))
    return found


def alive(pids: set[int]) -> set[int]:
    """Return those of `pids` that run; zombies do not."""
    return {
        pid
        for pid in pids
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    }


def assert_all_end(pids: set[int]) -> None:
    deadline = time.monotonic() + 20
    while alive(pids):
        assert time.monotonic() < deadline, alive(pids)
        time.sleep(0.1)


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes from /proc")


@needs_proc
def test_ctrl_c_stops_everything_it_started(work_folder: Path) -> None:
    with serving(TMPDIR=str(work_folder)) as serve:
        assert requests.get(f"{serve.base_url}/", timeout=10).text == "New photon ranch API"
        started = processes_of(serve.process.pid, work_folder)
        assert len(started) >= 3
        assert serve.stop() == 0
        assert_all_end(started)
        assert list(work_folder.iterdir()) == []


@needs_proc
def test_a_second_ctrl_c_does_not_interrupt_the_stopping(work_folder: Path) -> None:
    with serving(TMPDIR=str(work_folder)) as serve:
        assert serve.base_url
        started = processes_of(serve.process.pid, work_folder)
        serve.process.send_signal(signal.SIGINT)
        serve.wait_for("Stopping")
        assert serve.stop() == 0
        serve.reader.join(30)
        assert "Traceback" not in "".join(serve._lines.get() or "" for _ in range(serve._lines.qsize()))
        assert_all_end(started)
        assert list(work_folder.iterdir()) == []


@needs_proc
def test_ctrl_c_stops_it_even_where_the_shell_ignores_it(work_folder: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with serving(TMPDIR=str(work_folder)) as serve:
            assert serve.base_url
            assert serve.stop() == 0
    finally:
        signal.signal(signal.SIGINT, before)


@needs_proc
def test_after_a_kill_nothing_runs_and_it_starts_again(work_folder: Path) -> None:
    port = free_port()
    with serving(port, TMPDIR=str(work_folder)) as serve:
        assert requests.get(f"{serve.base_url}/", timeout=10).ok
        started = processes_of(serve.process.pid, work_folder)
        assert len(started) >= 3
        serve.process.kill()
        serve.process.wait(10)
        with serving(port) as again:
            assert requests.get(f"{again.base_url}/", timeout=10).ok
        assert_all_end(started)


@needs_proc
def test_a_kill_during_image_making_ends_all_workers(work_folder: Path) -> None:
    program = """
import sys
from datetime import date
from pathlib import Path
from local.demo.images import make_images
make_images(Path(sys.argv[1]), date(2026, 1, 1))
"""
    with subprocess.Popen([sys.executable, "-c", program, str(work_folder)], cwd=PROJECT) as maker:
        # when the list of the first night exists, every worker is running
        while not list(work_folder.glob("*/*.json")):
            assert maker.poll() is None
            time.sleep(0.1)
        started = processes_of(maker.pid, work_folder)
        assert len(started) >= 2
        maker.kill()
        maker.wait(10)
        assert_all_end(started)


def test_ctrl_c_while_it_starts_stops_it_at_once(work_folder: Path) -> None:
    with serving(TMPDIR=str(work_folder)) as serve:
        serve.wait_for("Starting S3, DynamoDB and SSM")
        assert serve.stop() == 0
        serve.wait_for("Stopping")
        assert_all_end(processes_of(serve.process.pid, work_folder))


@needs_proc
def test_a_backend_that_ends_unexpectedly_stops_everything(work_folder: Path) -> None:
    with serving(TMPDIR=str(work_folder)) as serve:
        assert serve.base_url
        started = processes_of(serve.process.pid, work_folder)
        server = next(pid for pid in started if b"aws_server" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(server, signal.SIGKILL)
        serve.wait_for("local.aws_server ended unexpectedly; stopping.")
        assert serve.process.wait(30) == 1
        assert_all_end(started)


@pytest.fixture(scope="module")
def demo_url() -> Iterator[str]:
    with serving(DEMO="1") as serve:
        yield serve.base_url


def test_the_demo_network_is_there(demo_url: str) -> None:
    configs = requests.get(f"{demo_url}/all/config", timeout=10).json()
    assert set(configs) == {"mrc", "mrc1", "aro", "aro1", "eco", "eco1"}
    for site in ("mrc1", "aro1", "eco1"):
        # Ten images in data/, three of them also in info-images/, with four files each.
        assert len(requests.get(f"{demo_url}/recentuploads?site={site}", timeout=10).json()) == 52
        for channel in (1, 2, 3):
            shown = requests.get(f"{demo_url}/infoimage/{site}/{channel}", timeout=10).json()
            picture = requests.get(shown["jpg_url"], timeout=10)
            assert picture.content.startswith(b"\xff\xd8")
    notes = [requests.get(f"{demo_url}/nightlog/{site}", timeout=10) for site in configs]
    assert [note.status_code for note in notes].count(200) == 1


def readme_tour() -> list[tuple[str, list[str]]]:
    """Return the commands of the README's tour with the documented output."""
    block = (PROJECT / "README.md").read_text().split("```console\n")[1].split("```")[0]
    steps = [step.splitlines() for step in f"\n{block}".split("\n$ ")[1:]]
    # The README shows a made-up bucket.
    return [
        (command, [line.replace("example-images", BUCKET) for line in output])
        for command, *output in steps
        if not command.startswith("BASE=")
    ]


def without_figures(line: str) -> str:
    """Return a line up to its `…`, with 0 for each number: dates, ports and ids change."""
    return re.sub(r"\d+", "0", line.partition("…")[0])


BASH = shutil.which("bash") or ""


@pytest.mark.skipif(not (BASH and shutil.which("curl")), reason="needs curl and bash")
def test_the_readme_s_tour_has_the_documented_output(demo_url: str) -> None:
    tour = readme_tour()
    assert len(tour) >= 10
    environment = {"PATH": os.environ["PATH"], "BASE": demo_url, "no_proxy": "127.0.0.1"}
    for command, documented in tour:
        ran = subprocess.run(
            [BASH, "-c", command], check=True, env=environment, capture_output=True, text=True, timeout=60
        )
        output = ran.stdout.splitlines()
        assert len(output) == len(documented), command
        for real, line in zip(output, documented, strict=True):
            assert without_figures(real).startswith(without_figures(line)), command
            if "…" not in line:
                assert without_figures(real) == without_figures(line), command


def test_the_curl_lines_work_in_any_shell() -> None:
    with serving() as serve:
        serve.wait_for("Ctrl-C stops everything.")
    commands = [line[line.index("curl ") :] for line in serve.output if "curl " in line]
    assert len(commands) >= 10
    for command in commands:
        # zsh expands a bare ? to file names, and does not treat # as a comment
        assert not re.search(r"[?*#&;]", re.sub(r"""'[^']*'|"[^"]*\"""", "", command)), command


def test_two_stacks_run_side_by_side() -> None:
    with serving() as one, serving() as other:
        urls = [one.base_url, other.base_url]
        for number, url in enumerate(urls):
            requests.put(f"{url}/mrc1/config", json={"number": number}, timeout=10).raise_for_status()
        for number, url in enumerate(urls):
            stored = requests.get(f"{url}/all/config", timeout=10).json()
            assert stored == {"mrc1": {"number": number}}
        assert one.stop() == 0
        assert requests.get(f"{urls[1]}/mrc1/config", timeout=10).ok


def test_the_caller_s_aws_account_is_never_used() -> None:
    with serving(0, **CALLERS_AWS) as serve:
        form = requests.post(f"{serve.base_url}/upload", json={"object_name": "a"}, timeout=10).json()
        assert form["url"].startswith("http://127.0.0.1:")
        assert form["fields"]["x-amz-credential"].startswith("local/")
        assert "x-amz-security-token" not in form["fields"]


def test_it_refuses_to_run_against_aws() -> None:
    with serving(AWS_ENDPOINT_URL="https://dynamodb.us-east-1.amazonaws.com") as serve:
        serve.wait_for("the local stack never runs against AWS itself")
        assert serve.process.wait(30) == 2


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "DATABASE_URL",
            "postgresql://127.0.0.1:1/images",
            "PostgreSQL cannot be used: connection to server at",
        ),
        ("DATABASE_URL", "nonsense", "is refused: it must have the form postgresql://"),
        (
            "AWS_ENDPOINT_URL",
            "http://127.0.0.1:1",
            'AWS cannot be used: Could not connect to the endpoint URL: "http://127.0.0.1:1/',
        ),
    ],
)
def test_an_unreachable_backend_is_reported(name: str, value: str, said: str) -> None:
    with serving(0, **{name: value}) as serve:
        serve.wait_for(said)
        assert serve.process.wait(30) == 1
    assert "Traceback" not in "".join(serve.output)


def test_a_port_in_use_is_reported() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with serving(port) as serve:
            serve.wait_for(f"Port {port} is in use: choose another, PORT=4001 make serve.")
            assert serve.process.wait(30) == 1


@pytest.mark.parametrize("port", ["http", "70000", "-1"])
def test_an_invalid_port_is_reported(port: str) -> None:
    with serving(PORT=port) as serve:
        serve.wait_for(f"PORT must be a number from 0 to 65535, not {port!r}.")
        assert serve.process.wait(30) == 2


def test_given_backends_are_used(aws: str, database: str) -> None:
    with serving(AWS_ENDPOINT_URL=aws, DATABASE_URL=database) as serve:
        url = serve.base_url
        assert not [line for line in serve.output if line.startswith("Starting")]
        requests.put(f"{url}/mrc1/config", json={"shared": True}, timeout=10).raise_for_status()
        assert store.read("mrc1") == {"shared": True}
