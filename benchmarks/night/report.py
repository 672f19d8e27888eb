"""The results of a night: calls and their times, resource usage, and the effect of each fault."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.night.calls import UNAVAILABLE, Call
from benchmarks.night.checker import Findings
from benchmarks.night.disturbances import RECOVERY_S, Window
from benchmarks.night.resource_usage import Sample, slope

# The first samples do not count: modules are imported, caches filled, threads and connections made. What
# follows shows growth only if it is long enough.
WARM_UP_S, LEAST_S = 180.0, 120.0
# What may grow in a minute of an undisturbed night. Memory: in ten hours this growth would use a tenth of a
# small machine's memory. Counts: a second connection, opened when two requests first came at the same time,
# makes a slope of 0.2 over seven minutes and of 0.5 over three.
MOST_A_MINUTE = {
    "memory_mb": 0.5,
    "descriptors": 0.5,
    "sockets": 0.5,
    "threads": 0.5,
    "connections": 0.5,
    "work_files": 0.0,
}
# How many more of each may be in use after all disturbances than before, because some calls may be running.
MORE_AFTERWARDS = {"descriptors": 5, "threads": 5, "connections": 2, "work_files": 0}

Figures = dict[str, Any]


def load(calls: Sequence[Call], seconds: float, samples: list[Sample], findings: Findings) -> Figures:
    """Return the figures of an undisturbed night."""
    warm = [sample for sample in samples if sample.at_s >= WARM_UP_S]
    grown = MOST_A_MINUTE if warm and warm[-1].at_s - warm[0].at_s >= LEAST_S else ()
    return {
        "calls": len(calls),
        "calls_per_s": round(len(calls) / seconds, 1),
        "routes": routes(calls),
        "faulty": _said([call for call in calls if not call.is_good]),
        "growth_a_minute": {what: round(slope(warm, what), 3) for what in grown},
        "held_at_last": asdict(samples[-1]),
        "samples": [asdict(sample) for sample in samples],
        **_checked(findings),
    }


def load_faults(figures: Figures) -> list[str]:
    """Return what is wrong with an undisturbed night."""
    growth = [
        f"{what} grow by {grown} a minute"
        for what, grown in figures["growth_a_minute"].items()
        if grown > MOST_A_MINUTE[what]
    ]
    return [*map(str, figures["faulty"]), *growth, *figures["wrong"]]


def chaos(
    calls: Sequence[Call], windows: Sequence[Window], held: tuple[Sample, Sample], findings: Findings
) -> Figures:
    """Return the figures of a disturbed night; `held` is what the stack held before and after."""
    own = [call for call in calls if not call.is_to_s3]
    dishonest = [call for call in own if not call.is_good and not is_excused(call, windows)]
    return {
        "calls": len(own),
        "answered_503": sum(call.status == UNAVAILABLE for call in own),
        "slowest_s": round(max(call.seconds for call in own), 1),
        "faulty": _said(dishonest),
        "disturbances": [_window(window, own) for window in windows],
        "held_before": asdict(held[0]),
        "held_after": asdict(held[1]),
        **_checked(findings),
    }


def chaos_faults(figures: Figures) -> list[str]:
    """Return what is wrong with a disturbed night."""
    late = [
        f"{window['backend']} {window['what']}: {window['recovery_s']} s to recover, {window['late']}"
        for window in figures["disturbances"]
        if window["recovery_s"] > RECOVERY_S
    ]
    before, after = figures["held_before"], figures["held_after"]
    left = [
        f"{what}: {after[what]} afterwards, {before[what]} before"
        for what, more in MORE_AFTERWARDS.items()
        if after[what] > before[what] + more
    ]
    return [*map(str, figures["faulty"]), *late, *left, *figures["wrong"]]


def is_excused(call: Call, windows: Iterable[Window]) -> bool:
    """Return whether a call got an honest 503 because a backend that it needs was disturbed."""
    return call.is_honest and any(window.excuses(call) for window in windows)


def routes(calls: Iterable[Call]) -> dict[str, Figures]:
    """Return for each route how often it was called, what was answered, and the milliseconds it took."""
    by_route: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        by_route[call.route].append(call)
    return {route: _route(by_route[route]) for route in sorted(by_route)}


def load_text(figures: Figures) -> str:
    """Return the figures of an undisturbed night as lines for a person."""
    lines = [f"  {figures['calls']} calls, {figures['calls_per_s']} a second"]
    lines += [
        f"  {route:44} {row['calls']:6}  p50 {row['p50_ms']:6} ms  p99 {row['p99_ms']:6} ms"
        for route, row in figures["routes"].items()
    ]
    lines.append(f"  growth a minute: {figures['growth_a_minute'] or 'too short a night to tell'}")
    lines.append(f"  held at last: {figures['held_at_last']}")
    lines.append(f"  checked: {figures['checked']}")
    return "\n".join(lines)


def chaos_text(figures: Figures) -> str:
    """Return the figures of a disturbed night as lines for a person."""
    lines = [f"  {figures['calls']} calls, {figures['answered_503']} answered 503"]
    lines += [
        f"  {window['backend']:9} {window['what']:8} {window['calls']:4} calls,"
        f" {window['answered_503']:4} 503,"
        f" slowest {window['slowest_s']:4} s  well again after {window['recovery_s']:4} s"
        for window in figures["disturbances"]
    ]
    lines.append(f"  held before {figures['held_before']}\n  held after  {figures['held_after']}")
    lines.append(f"  checked: {figures['checked']}, in unknown hands {figures['in_unknown_hands']}")
    return "\n".join(lines)


def _route(calls: Sequence[Call]) -> Figures:
    times = sorted(call.seconds * 1000 for call in calls)
    return {
        "calls": len(calls),
        "statuses": dict(sorted(Counter(str(call.status) for call in calls).items())),
        "p50_ms": _quantile(times, 0.5),
        "p99_ms": _quantile(times, 0.99),
    }


def _quantile(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)


def _window(window: Window, calls: Sequence[Call]) -> Figures:
    during = [call for call in calls if window.began <= call.began <= window.returned]
    return {
        **vars(window.disturbance),
        "seconds": round(window.returned - window.began, 1),
        "calls": len(during),
        "answered_503": sum(call.status == UNAVAILABLE for call in during),
        "slowest_s": round(max((call.seconds for call in during), default=0.0), 1),
        "recovery_s": round(window.recovery_s(calls), 2),
        "late": _said(window.late(calls)),
    }


def _checked(findings: Findings) -> Figures:
    return {
        "checked": findings.checked,
        "wrong": findings.wrong,
        "in_unknown_hands": findings.in_unknown_hands,
    }


def _said(calls: Iterable[Call]) -> list[Figures]:
    """Return for each route and status the count, and the first such call."""
    alike: dict[tuple[str, int], list[Call]] = defaultdict(list)
    for call in calls:
        alike[call.route, call.status].append(call)
    return [
        {
            "route": route,
            "status": status,
            "times": len(those),
            "seconds": round(those[0].seconds, 1),
            "text": those[0].text,
        }
        for (route, status), those in alike.items()
    ]
