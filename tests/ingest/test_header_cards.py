"""Values of header cards, card by card."""

from pathlib import Path

import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from ingest.header_cards import parse_header, split_cards

TEXT = Path(__file__).parents[1] / "data" / "site_upload" / "ric2-sq01-20260102-00000042-EX00.txt"


@pytest.mark.parametrize(
    ("card", "value"),
    [
        ("A       = 'a text  '           / comment", "a text"),
        ("A       = 'it''s'", "it's"),
        ("A       = 'a / b' / comment", "a / b"),
        ("A       = ''", ""),
        ("A       =                   12 / comment", 12),
        ("A       =                  -12", -12),
        ("A       =                 1.50", 1.5),
        ("A       =               1.5D-3", 0.0015),
        ("A       =                  .5e2", 50.0),
        ("A       =                    T", True),
        ("A       =                    F / comment", False),
        ("a       =                    7", 7),
        ("A=7", 7),
    ],
)
def test_value_of_a_card(card: str, value: object) -> None:
    read = parse_header([card])
    assert read == {"A": value}
    assert type(read["A"]) is type(value)


@pytest.mark.parametrize(
    "card",
    [
        "A       =",
        "A       = / only a comment",
        "A       = nan",
        "A       = 1e999",
        "A       = 'a text without an end",
        "A       = (1.0, 2.0)",
        "COMMENT a comment with = and '",
        "HISTORY of this image",
        "        = 5",
        "no card at all",
        "",
        "\x00\x01\x02",
    ],
)
def test_a_card_without_a_value_does_not_lose_other_cards(card: str) -> None:
    assert parse_header(["B       = 1", card, "C       = 2"]) == {"B": 1, "C": 2}


def test_first_card_of_a_keyword_counts() -> None:
    assert parse_header(["A       = 1", "A       = 2"]) == {"A": 1}


def test_nothing_after_end_is_read() -> None:
    assert parse_header(["A       = 1", "END", "B       = 2"]) == {"A": 1}


def test_long_keywords_and_continued_texts() -> None:
    header = fits.Header()
    header["HIERARCH ESO TEL NAME"] = "VLT"
    header["LONG"] = "x" * 150 + "'s"
    cards = split_cards(header.tostring(sep="", endcard=False, padding=False))
    assert parse_header(cards) == {"ESO TEL NAME": "VLT", "LONG": "x" * 150 + "'s"}


def test_header_of_a_site() -> None:
    header = parse_header(split_cards(TEXT.read_text()))
    assert header["SMARTSTK"] == "030126040500"
    assert header["SSTKNUM"] == 3
    assert header["RA"] == "00h42m44.33s"
    assert header["SIMPLE"] is True
    assert "PRESSURE" not in header
    assert "COMMENT" not in header


def test_header_with_one_card_per_line() -> None:
    cards = split_cards(TEXT.read_text())
    assert split_cards("\n".join(cards)) == cards


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    parse_header(split_cards(text))


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][A-Z0-9_-]{0,7}", fullmatch=True).filter(
            lambda name: name not in ("END", "COMMENT", "HISTORY", "CONTINUE", "HIERARCH")
        ),
        st.one_of(
            st.booleans(),
            st.integers(-(10**18), 10**18),
            st.floats(allow_nan=False, allow_infinity=False, width=32),
            st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
        ),
        max_size=20,
    )
)
def test_agrees_with_astropy(values: dict[str, object]) -> None:
    text = fits.Header(list(values.items())).tostring(sep="", endcard=False, padding=False)
    assert parse_header(split_cards(text)) == dict(fits.Header.fromstring(text))
