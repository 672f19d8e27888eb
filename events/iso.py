"""Times as UTC texts."""

from datetime import UTC, datetime


def utc_text(unix_s: float) -> str:
    """Return a time (Unix seconds) to the second in ISO 8601: `2026-03-14T02:02:06Z`."""
    return datetime.fromtimestamp(round(unix_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
