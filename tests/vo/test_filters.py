"""The wavelengths of filters."""

import re

import pytest

from local.deployment import PROJECT
from vo import filters


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Fukugita et al. (1996), table 2a: 6261 and 1382 angstrom
        ("rp", (557.0e-9, 695.2e-9)),
        ("RP ", (557.0e-9, 695.2e-9)),
        # Bessell (1990): V at 551 nm, 88 nm wide
        ("JV", (507.0e-9, 595.0e-9)),
        ("air", None),
        ("R", None),
        (None, None),
        ("", None),
    ],
)
def test_a_band(name: str | None, expected: tuple[float, float] | None) -> None:
    found = filters.band(name)
    assert found == (expected and pytest.approx(expected))


def test_the_filters_of_wavelengths() -> None:
    assert "ha" in filters.in_any([(656.28e-9, 656.28e-9)])
    assert "o3" not in filters.in_any([(656.28e-9, 656.28e-9)])
    assert filters.in_any([(1, 2)]) == []
    assert set(filters.in_any([(0, 1)])) == set(filters.WAVELENGTHS)


def test_the_document_has_the_same_table() -> None:
    text = (PROJECT / "docs" / "vo.md").read_text()
    shown = {
        name: (float(low), float(high))
        for name, low, high in re.findall(r"`(\w+)` ([\d.]+) to ([\d.]+)", text)
    }
    aliases = re.findall(r"`(\w+)` is `(\w+)`", text)
    assert shown | {alias: shown[name] for alias, name in aliases} == filters.WAVELENGTHS
