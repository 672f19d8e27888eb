"""Reckon the bill of a month, for networks of several sizes, from list prices and an assumed use.

Requests are priced as in `prices`: counted requests and units, measured CPU time. `USE` has what is assumed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import yaml

from benchmarks import figures, list_prices
from benchmarks.list_prices import MONTH_S, ListPrice
from benchmarks.prices import CORE_MB, memory_mb, price
from local.deployment import PROJECT, Deployment

SIZES = (3, 50, 1000)
# From so many sites on, the smallest PostgreSQL does not do.
_LARGE = 100
DAYS = MONTH_S / 86400


@dataclass(frozen=True)
class Assumed:
    """A number that is assumed, and its meaning in words."""

    what: str
    value: float
    unit: str


# Of one site, unless it says otherwise.
USE = {
    "nights": Assumed("nights on which it observes", 20, "a month"),
    "exposures": Assumed("exposures: a FITS, a JPG and a header text each", 240, "a night"),
    "fits_mb": Assumed("a FITS", 30, "MB"),
    "jpg_mb": Assumed("a JPG", 0.5, "MB"),
    "config_kb": Assumed("its config", 12, "KB"),
    "config_s": Assumed("it sends its config, changed once a night", 3600, "s apart"),
    "status_s": Assumed("its PIPE sends a status", 60, "s apart"),
    "poll_s": Assumed("its PIPE polls its queue, and gets a job for each exposure", 30, "s apart"),
    "pages": Assumed("pages that people open", 20, "a day"),
    "open_s": Assumed("a page stays open, and asks for new images", 600, "s"),
    "refresh_s": Assumed("it asks again", 30, "s apart"),
    "downloads": Assumed("FITS files that people download", 100, "a month"),
    "consoles": Assumed(
        "consoles that poll every 30 s while it is night somewhere, of the whole network", 2, ""
    ),
    "console_h": Assumed("hours of that", 12, "a day"),
    "log_bytes": Assumed("logged for a request, with Lambda's own lines", 600, "bytes"),
    "gzip": Assumed("gzip makes a list of configs smaller", 5, "times"),
    "rows_kb": Assumed("rows of its queue, receipts and attempts included", 250, "KB"),
}

# What a page calls when it opens, and what it calls again while it is open.
_OPENED = (
    ("GET /latest_image_all_sites", "six sites", 1),
    ("GET /{site}/latest_images/{n}", "three images", 1),
    ("GET /{site}/config", "a config", 1),
    ("GET /events", "a site of an enclosure", 1),
    ("GET /nightlog/{site}", "a note", 1),
    ("GET /infoimage/{site}/{channel}", "an image", 3),
)
_REFRESHED = ("GET /{site}/latest_images/{n}", "three images")
_CONSOLE = (("GET /pipe/queues", "three queues"), ("GET /pipe/statuses", "one status"))
# The longest long poll and its time between two looks (pipe_queue/arguments.py, pipe_queue/leases.py).
WAIT_S, LOOK_S = 15, 0.5
_DEQUEUE = "POST /pipe/queue/{queue_name}/dequeue"


def use(name: str) -> float:
    """Return an assumed number."""
    return USE[name].value


def exposures() -> float:
    """Return the exposures of a site in a month."""
    return use("nights") * use("exposures")


def of(amount: float, unit: ListPrice) -> float:
    """Return US dollars."""
    return amount * unit.each


def _requests(route: str, case: str, count: float) -> float:
    return count * price(route, case).total / list_prices.MILLION


def storage(sites: int, months: int) -> float:
    """Return what storage costs in the last of some months: its images in Standard, earlier ones in IA."""
    monthly_gb = sites * exposures() * (use("fits_mb") + use("jpg_mb")) / 1000
    moved = of(2 * sites * exposures(), list_prices.S3_MOVE) if months > 1 else 0.0
    earlier = of((months - 1) * monthly_gb, list_prices.S3_IA_GB)
    return of(monthly_gb, list_prices.S3_GB) + earlier + moved


def metrics(_sites: int) -> float:
    """Return what the two metrics of the stage cost."""
    return of(2, list_prices.METRIC)


def alarms(_sites: int) -> float:
    """Return what the alarms cost of a stage that makes everything."""
    return of(alarm_count(), list_prices.ALARM)


def alarm_count() -> int:
    """Return how many alarms there are."""
    parts = [yaml.safe_load((PROJECT / "deploy" / name).read_text()) for name in _ALARMS]
    return sum(
        each["Type"] == "AWS::CloudWatch::Alarm" for part in parts for each in part["Resources"].values()
    )


_ALARMS = ("alarms.yml", "ingest.yml", "database.yml")


def polls(sites: int) -> float:
    """Return what the polls, jobs and statuses cost of a PIPE for each site."""
    jobs = sum(
        _requests(route, case, exposures())
        for route, case in (
            ("POST /pipe/enqueue", "an item"),
            (_DEQUEUE, "on a lease"),
            ("POST /pipe/queue/{queue_name}/ack", "a leased item"),
        )
    )
    statuses = _requests("POST /pipe/status", "a status", MONTH_S / use("status_s"))
    return sites * (plain_polls() + jobs + statuses)


def plain_polls() -> float:
    """Return what it costs that one PIPE polls an empty queue."""
    return _requests(_DEQUEUE, "an empty queue", MONTH_S / use("poll_s"))


def long_polls(function_mb: float) -> float:
    """Return what it costs that one PIPE always waits, at a function's memory."""
    waiting = of(MONTH_S * function_mb / 1024, list_prices.LAMBDA_GB_S)
    calls = of(MONTH_S / WAIT_S, list_prices.GATEWAY_REQUEST) + of(
        MONTH_S / WAIT_S, list_prices.LAMBDA_REQUEST
    )
    # A look reads the queue and its head: two units.
    return waiting + calls + of(2 * MONTH_S / LOOK_S, list_prices.READ_UNIT)


def dequeue_mb() -> float:
    """Return the memory of the function that waits."""
    return memory_mb()[_DEQUEUE]


def snapshot_gb() -> list[float]:
    """Return the memory of each function that starts from a snapshot in stages with `snapStart: on`."""
    return [function.memory_mb / 1024 for function in Deployment().snapshot_functions]


def snapshots() -> float:
    """Return what the snapshots of a stage cost while they are kept."""
    return of(sum(snapshot_gb()) * MONTH_S, list_prices.SNAPSHOT_GB_S)


def restores(count: float) -> float:
    """Return what restores of functions with the least memory cost."""
    return of(count * min(snapshot_gb()), list_prices.RESTORE_GB)


def init_phases(count: float) -> float:
    """Return what as many init phases of such functions cost, as measured on one core."""
    found = figures.read("cold_starts")["figures"]["functions"].values()
    longest_s = max(starts["after"]["init_cpu_ms"] for starts in found) / 1000
    return of(count * min(snapshot_gb()) * longest_s, list_prices.LAMBDA_GB_S)


def writes(sites: int) -> float:
    """Return what it costs that sites send files and configs."""
    files = 3 * exposures()
    sends = MONTH_S / use("config_s")
    return sites * (
        _requests("POST /upload", "a file", files)
        + of(files, list_prices.S3_WRITE)
        + _requests("PUT /{site}/config", "the same config again", sends - use("nights"))
        + _requests("PUT /{site}/config", "a small config", use("nights"))
    )


def pages(sites: int) -> float:
    """Return what the calls of people's pages and consoles cost."""
    opened = sites * use("pages") * DAYS
    per_page = sum(_requests(route, case, count) for route, case, count in _OPENED)
    refreshed = _requests(*_REFRESHED, use("open_s") / use("refresh_s"))
    return opened * (per_page + refreshed) + all_configs(sites, opened) + consoles(sites)


def all_configs(sites: int, opened: float) -> float:
    """Return what the list of all configs costs: sent to each page, and read anew every 5 minutes."""
    listed = price("GET /all/config", "six configs")
    bytes_out = sites * use("config_kb") * 1000 / use("gzip")
    sent = opened * (
        (listed.total - listed.transfer) / list_prices.MILLION + of(bytes_out, list_prices.BYTE_OUT)
    )
    read = min(opened, sites * use("nights") + MONTH_S / 300)
    return sent + read * list_read(sites)


def list_read(sites: int) -> float:
    """Return what one reading of all configs costs."""
    points = figures.read("growth")["figures"]["GET /all/config, after a change"]["points"]
    (most, measured) = max(points.items(), key=lambda point: int(point[0]))
    cpu_ms = measured["cpu_ms"] * sites / int(most)
    memory = memory_mb()[""]
    ran = of(memory / 1024 * cpu_ms / 1000 / (memory / CORE_MB), list_prices.LAMBDA_GB_S)
    return ran + of(sites * use("config_kb") / 4, list_prices.READ_UNIT) + of(1, list_prices.S3_WRITE)


def consoles(sites: int) -> float:
    """Return what the polls of consoles cost. /now reads each site's last upload and note."""
    count = use("consoles") * use("console_h") * 3600 / use("refresh_s") * DAYS
    memory = memory_mb()["GET /now"]
    reading_ms = figures.read("now")["figures"]["a request that reads all but the sites, every 15 s"]
    ran = of(memory / 1024 * reading_ms * sites / 200 / 1000 / (memory / CORE_MB), list_prices.LAMBDA_GB_S)
    now = of(1, list_prices.GATEWAY_REQUEST) + ran + of(sites, list_prices.READ_UNIT)
    return count * now + sum(_requests(route, case, count) for route, case in _CONSOLE)


def calls(sites: int) -> float:
    """Return the number of requests to the API."""
    of_page = 2 + sum(count for *_, count in _OPENED) - 1 + use("open_s") / use("refresh_s")
    each = (
        6 * exposures()
        + MONTH_S / use("config_s")
        + MONTH_S / use("status_s")
        + MONTH_S / use("poll_s")
        + use("pages") * DAYS * of_page
    )
    return sites * each + 3 * use("consoles") * use("console_h") * 3600 / use("refresh_s") * DAYS


def logs(sites: int) -> float:
    """Return what the logs of requests cost, kept for 90 days."""
    logged = calls(sites) * use("log_bytes")
    return of(logged, list_prices.LOG_BYTE) + of(3 * logged / 1e9, list_prices.LOG_GB)


def traces(sites: int) -> float:
    """Return what traces cost: of one request a second, and of 5 % of the others."""
    requests = calls(sites)
    first = min(requests, MONTH_S)
    return of(first + 0.05 * (requests - first), list_prices.TRACE)


def ingester(sites: int) -> float:
    """Return what filing uploads costs: S3, SQS, DynamoDB, Lambda, SNS."""
    kinds = figures.read("ingest")["figures"]["kinds"]
    files = [kinds[kind] for kind in ("data/…EX00.txt", "data/…EX10.jpg", "data/…EX00.fits.fz")]
    requests = sum(file["requests"]["s3"] for file in files)
    # One of them stores the thumbnail.
    objects = of(requests - 1, list_prices.S3_READ) + of(1, list_prices.S3_WRITE)
    messages = of(3 * len(files), list_prices.SQS_REQUEST) + of(len(files), list_prices.SNS_REQUEST)
    ran = of(sum(file["ms"] for file in files) / 1000, list_prices.LAMBDA_GB_S)
    rows = of(sum(file["requests"]["dynamodb"] for file in files), list_prices.WRITE_UNIT)
    return sites * exposures() * (objects + messages + ran + rows)


def schedules(sites: int) -> float:
    """Return what the queues' report every 5 minutes and the daily restart of each site's room cost."""
    scanned = MONTH_S / 300 * of(sites * use("rows_kb") / 4, list_prices.READ_UNIT)
    configs = MONTH_S / 3600 * of(sites * use("config_kb") / 8, list_prices.READ_UNIT)
    return scanned + configs + sites * DAYS * _requests("GET /control_room/{site}/restart", "a room", 1)


def database(sites: int) -> float:
    """Return what PostgreSQL costs: as the stage makes it, and a larger one from 100 sites on."""
    hour, gb = (list_prices.DB_MICRO_HOUR, 20) if sites < _LARGE else (list_prices.DB_LARGE_HOUR, 200)
    return of(list_prices.HOURS, hour) + of(gb, list_prices.DB_GB)


def bytes_out(sites: int) -> float:
    """Return what the FITS files cost that people download."""
    return of(sites * use("downloads") * use("fits_mb") * 1e6, list_prices.BYTE_OUT)


LINES: dict[str, Callable[[int], float]] = {
    "images kept: first month": lambda sites: storage(sites, 1),
    "images kept: twelfth month, nothing deleted": lambda sites: storage(sites, 12),
    "metrics of queues": metrics,
    "alarms": alarms,
    "PIPEs: polls, jobs, statuses": polls,
    "logs": logs,
    "traces": traces,
    "sites: uploads and configs": writes,
    "people: pages and consoles": pages,
    "ingester": ingester,
    "scheduled functions": schedules,
    "PostgreSQL": database,
    "FITS files downloaded": bytes_out,
}
_FIRST, _TWELFTH = list(LINES)[:2]


def total(sites: int, *, without: str) -> float:
    """Return the sum of all lines but one of the two of storage."""
    return sum(reckon(sites) for name, reckon in LINES.items() if name != without)


def first_total(sites: int) -> float:
    """Return the bill of the first month."""
    return total(sites, without=_TWELFTH)


def twelfth_total(sites: int) -> float:
    """Return the bill of the twelfth month."""
    return total(sites, without=_FIRST)
