"""Write benchmarks/results/ as tables into the documents: `python -m benchmarks.tables`.

Why: copied by hand, the figures of the documents and of the files soon differed. A test compares them.
A table stands between `<!-- table: name -->` and `<!-- end of table -->`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks import figures, list_prices, monthly, prices
from local.deployment import PROJECT

DOCUMENTS = (
    "costs.md",
    "performance.md",
    "images.md",
    "downloads.md",
    "events.md",
    "ingest.md",
    "now.md",
)
# How many routes the table of CPU time lists.
HOTTEST = 5
# Dollars from which on cents do not matter.
_ROUNDED = 100
_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def main() -> None:
    """Write every table again."""
    for name in DOCUMENTS:
        path = PROJECT / "docs" / name
        path.write_text(with_tables(path.read_text()))


def with_tables(text: str) -> str:
    """Return a document with its tables made from the stored figures."""
    return _TABLE.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}{found[3]}", text)


_BACKENDS = ("s3", "dynamodb", "postgresql")


def machines() -> str:
    """Return what machine and day each file of figures is from."""
    rows = []
    for name in figures.names():
        kept = figures.read(name)
        facts, runtime = kept["machine"], kept["figures"].get("runtime")
        place = f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gb']} GB, {facts['system']}"
        versions = f"{runtime or 'Python ' + facts['python']}, PostgreSQL {facts['postgresql']}"
        rows.append([f"`{name}.json`", facts["date"], place, versions, facts["load"]])
    return _table(("file", "day", "machine", "versions", "load average"), rows)


def routes() -> str:
    """Return the milliseconds of each route."""
    columns = ("handler_p50_ms", "handler_p99_ms", "handler_cpu_p50_ms", "gateway_p50_ms", "gateway_p99_ms")
    rows = [
        [f"`{route}`", *(measured[column] for column in columns)]
        for route, measured in figures.read("routes")["figures"].items()
    ]
    head = ("route", "handler p50", "p99", "its CPU p50", "gateway p50", "p99")
    return _table(head, rows)


def events() -> str:
    """Return the milliseconds of the events routes."""
    return _table(("", "median, ms"), figures.read("events")["figures"].items())


def now() -> str:
    """Return the CPU time of `GET /now`."""
    return _table(("200 observatories", "CPU, ms"), figures.read("now")["figures"].items())


def console() -> str:
    """Return what an open console costs in an hour, before and after it was built on `GET /now`."""
    kept = figures.read("console")["figures"]
    rows = [
        [f"{hour}, {kind}", *(f"{kept[when][hour]['hour'][kind][what]:,}" for when, what in _CONSOLE)]
        for hour in kept["after"]
        for kind in ("API", "pictures")
    ]
    return _table(("an hour", "requests before", "requests after", "kB before", "kB after"), rows)


_CONSOLE = [(when, what) for what in ("requests", "kb") for when in ("before", "after")]


def ingest() -> str:
    """Return requests and milliseconds of each kind of file that the ingester files."""
    rows = [
        [
            f"`{kind}`",
            *(found["requests"].get(backend, 0) for backend in _BACKENDS),
            found["ms"],
            found["cpu ms"],
        ]
        for kind, found in figures.read("ingest")["figures"]["kinds"].items()
    ]
    return _table(("file", "S3", "DynamoDB", "PostgreSQL", "ms", "CPU ms"), rows)


def resumed() -> str:
    """Return how many bytes uploads over a line that breaks send, as multiples of the file."""
    ways = {
        "pieces of 1 MiB, as here": "pieces",
        "parts of 5 MiB, an S3 multipart upload": "parts of S3",
        "a form, from the start again": "a form",
    }
    runs = figures.read("resume")["figures"]["runs"]
    rows = [[way, *(f"{run[key]:.2f}" for run in runs)] for way, key in ways.items()]
    rows.append(["requests to the API, with pieces", *(run["requests to the API"] for run in runs)])
    return _table(("bytes sent / bytes of the file", "first run", "second", "third"), rows)


def images() -> str:
    """Return the milliseconds of the image routes at both sizes of the table, and how they grow."""
    small, large = (figures.read(f"images_{size}")["figures"] for size in (50_000, 2_000_000))
    rows = [
        [
            route,
            *(
                f"{kept[f'{where}_p50_ms']:g} / {kept[f'{where}_p99_ms']:g}"
                for where in ("handler", "gateway")
                for kept in (before, large[route])
            ),
            f"{large[route]['gateway_p50_ms'] / before['gateway_p50_ms']:.2f}",
        ]
        for route, before in small.items()
    ]
    head = ("p50 / p99, ms", "handler, 50 k", "handler, 2 M", "gateway, 50 k", "gateway, 2 M", "growth")
    return _table(head, rows)


def downloads() -> str:
    """Return the seconds and memory of each kind of download."""
    rows = [
        [
            image,
            kind if kind == "fits" else f"TIFF, {kind}",
            kept["seconds"],
            kept["warm_seconds"],
            f"{kept['peak_mb']:.0f}",
            ", ".join(f"{stage} {taken:g}" for stage, taken in kept["stages_s"].items()),
        ]
        for image, kinds in figures.read("downloads")["figures"].items()
        for kind, kept in kinds.items()
    ]
    return _table(("image", "made", "first, s", "warm, s", "MB at most", "seconds by stage"), rows)


def zips() -> str:
    """Return the seconds and memory of a large zip."""
    kept = figures.read("zips")["figures"]
    row = [f"{kept['files']:,}", kept["gb"], f"{kept['seconds']:.0f}", f"{kept['peak_mb']:.0f}"]
    return _table(("files of a zip", "GB", "seconds", "MB at most"), [row])


def laws() -> str:
    """Return what each route grows with."""
    rows = []
    for route, kept in figures.read("growth")["figures"].items():
        (first, least), *_, (last, most) = kept["points"].items()
        requests = f"{least['requests']:g} → {most['requests']:g}"
        cpu = f"{least['cpu_ms']:g} → {most['cpu_ms']:g}"
        sizes = f"{int(first):,} → {int(last):,} {kept['grows_with']}"
        rows.append(
            [route if route == "every hour" else f"`{route}`", sizes, kept["law"], cpu, requests, kept["why"]]
        )
    return _table(("route", "size", "law", "CPU ms", "requests", "why"), rows)


def cold() -> str:
    """Return init phase and first calls of each function, without and with what `init_phase` loads."""
    rows = []
    for name, starts in figures.read("cold_starts")["figures"]["functions"].items():
        before, after = starts["before"], starts["after"]
        changes = [
            f"{before[part]:.0f} → {after[part]:.0f}"
            for part in ("init_cpu_ms", "answer_cpu_ms", "answer_ms")
        ]
        rows.append([name, *changes, f"{after['second_ms']:.0f}"])
    header = ("function", "init, CPU", "first call, CPU", "first call, wall", "second call, wall")
    return _table(header, rows)


def lists() -> str:
    """Return what lists cost at their sizes, now and before there were copies and scans."""
    now, before = (figures.read(name)["figures"] for name in ("growth", "lists_before"))
    rows = [
        [
            f"`{name}`",
            now[name]["grows_with"],
            *_ends(before[_BEFORE.get(name, name)]),
            *_ends(now[name]["points"]),
        ]
        for name in _LISTS
    ]
    head = (
        "",
        "10 → 1,000",
        "requests before",
        "units before",
        "CPU ms before",
        "requests",
        "units",
        "CPU ms",
    )
    return _table(head, rows)


_LISTS = (
    "GET /all/config",
    "GET /all/config, with its ETag",
    "GET /all/config, first of a process",
    "GET /all/config, after a change",
    "GET /latest_image_all_sites",
    "GET /latest_image_all_sites, first in 30 s",
    "GET /pipe/queues, by queues",
    "reportQueues",
)
# It made no difference then.
_BEFORE = dict.fromkeys(_LISTS[1:4], "GET /all/config")


def _ends(points: dict[str, dict[str, float]]) -> list[str]:
    """Return requests, units and CPU time at 10 and at 1,000."""
    return [
        f"{points['10'][what]:,g} → {points['1000'][what]:,g}" for what in ("requests", "units", "cpu_ms")
    ]


def nights() -> str:
    """Return the results of the undisturbed and of the disturbed night."""
    undisturbed, disturbed = figures.read("soak")["figures"], figures.read("chaos")["figures"]
    statuses = [route["statuses"] for route in undisturbed["routes"].values()]
    columns = (
        _night(undisturbed, sum(each.get("503", 0) for each in statuses), undisturbed["held_at_last"]),
        _night(disturbed, disturbed["answered_503"], disturbed["held_after"]),
    )
    rows = [[what, *(column[what] for column in columns)] for what in columns[0]]
    return _table(("", "undisturbed", "disturbed"), rows)


def _night(kept: dict[str, Any], answered_503: int, held: dict[str, Any]) -> dict[str, str]:
    return {
        "calls": f"{kept['calls']:,}",
        "of them answered 503": f"{answered_503:,}",
        "of them with a wrong response": f"{sum(each['times'] for each in kept['faulty']):,}",
        "compared with what is stored": ", ".join(f"{count:,} {of}" for of, count in kept["checked"].items()),
        "of them missing or different": f"{len(kept['wrong']):,}",
        "memory at the end, MB": f"{held['memory_mb']:.0f}",
        "open files, threads at the end": f"{held['descriptors']}, {held['threads']}",
        "growth a minute": ", ".join(f"{what} {more:g}" for what, more in _growth(kept).items()),
    }


def _growth(kept: dict[str, Any]) -> dict[str, float]:
    growth: dict[str, float] = kept.get("growth_a_minute", {})
    return {what.replace("_", " "): more for what, more in growth.items()}


def chaos() -> str:
    """Return what each disturbance did."""
    rows = [
        [
            f"{window['backend']} {window['what']}",
            window["calls"],
            window["answered_503"],
            window["slowest_s"],
            window["recovery_s"],
        ]
        for window in figures.read("chaos")["figures"]["disturbances"]
    ]
    return _table(("disturbance", "calls", "answered 503", "slowest, s", "recovered after, s"), rows)


def hottest() -> str:
    """Return the routes that took most CPU time in the undisturbed night."""
    cpu = {route: kept["handler_cpu_p50_ms"] for route, kept in figures.read("routes")["figures"].items()}
    called = {route: kept["calls"] for route, kept in figures.read("soak")["figures"]["routes"].items()}
    spent = {route: calls * cpu[route] for route, calls in called.items() if route in cpu}
    whole = sum(spent.values())
    rows = [
        [f"`{route}`", f"{called[route]:,}", cpu[route], f"{spent[route] / whole:.0%}"]
        for route in sorted(spent, key=lambda route: -spent[route])[:HOTTEST]
    ]
    return _table(("route", "calls in the night", "CPU ms", "of all CPU time"), rows)


def costs() -> str:
    """Return the dollars of a million requests to each route."""
    rows = [
        [
            f"`{price.route}`",
            f"{price.lambda_ms:.0f}",
            f"{price.gateway:.2f}",
            f"{price.compute:.2f}",
            f"{price.stores:.2f}",
            f"{price.transfer:.2f}",
            f"{price.total:.2f}",
        ]
        for price in sorted(prices.prices(), key=lambda price: -price.total)
    ]
    return _table(("route", "Lambda ms", "gateway", "Lambda", "DynamoDB, S3", "bytes out", "together"), rows)


def months() -> str:
    """Return the bill of a month for networks of several sizes."""
    reckoned = {
        **monthly.LINES,
        "**together, first month**": monthly.first_total,
        "**together, twelfth month**": monthly.twelfth_total,
    }
    rows = [[line, *(_dollars(of(sites)) for sites in monthly.SIZES)] for line, of in reckoned.items()]
    return _table(("US dollars a month", *(f"{sites:,} sites" for sites in monthly.SIZES)), rows)


def assumed() -> str:
    """Return the use that the bill of a month assumes."""
    rows = [[each.what, f"{each.value:,g} {each.unit}".strip()] for each in monthly.USE.values()]
    return _table(("a site", "assumed"), rows)


def waits() -> str:
    """Return what the polls of one PIPE cost."""
    memory, before = monthly.dequeue_mb(), prices.memory_mb()[""]
    rows = [
        [f"polls every {monthly.use('poll_s'):g} s", _dollars(monthly.plain_polls())],
        [f"always waits (`wait={monthly.WAIT_S}`), {memory:g} MB", _dollars(monthly.long_polls(memory))],
        [f"the same, at the {before:g} MB of other functions", _dollars(monthly.long_polls(before))],
    ]
    return _table(("a PIPE whose queue is empty", "US dollars a month"), rows)


def snapshots() -> str:
    """Return what snapshots cost, and starts with and without them."""
    memory = monthly.snapshot_gb()
    starts = 10_000
    rows = [
        [f"{len(memory)} snapshots kept for a month, {sum(memory):g} GB", _dollars(monthly.snapshots())],
        [f"{starts:,} restores, {min(memory):g} GB each", _dollars(monthly.restores(starts))],
        [f"without snapshots: {starts:,} init phases", _dollars(monthly.init_phases(starts))],
    ]
    return _table(("`snapStart: on`", "US dollars"), rows)


def prices_listed() -> str:
    """Return the list prices."""
    rows = [
        [each.what, f"{each.dollars:g}", each.unit, f"<https://aws.amazon.com/{each.page}/pricing/>"]
        for each in list_prices.ALL
    ]
    return _table(("what", f"US dollars, {list_prices.WRITTEN_ON}", "for a", "source"), rows)


def _dollars(amount: float) -> str:
    return f"{amount:,.2f}" if amount < _ROUNDED else f"{amount:,.0f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


TABLES: dict[str, Callable[[], str]] = {
    "machines": machines,
    "routes": routes,
    "events": events,
    "ingest": ingest,
    "resumed": resumed,
    "now": now,
    "console": console,
    "images": images,
    "downloads": downloads,
    "zips": zips,
    "cold": cold,
    "laws": laws,
    "lists": lists,
    "nights": nights,
    "chaos": chaos,
    "hottest": hottest,
    "costs": costs,
    "months": months,
    "assumed": assumed,
    "waits": waits,
    "snapshots": snapshots,
    "prices_listed": prices_listed,
}


if __name__ == "__main__":
    main()
