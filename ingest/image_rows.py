"""Writes rows of the image table. Every statement may be repeated, in any order, and leads to the same row.

It needs the unique index and the column `header_rank` of `ingest/schema.sql`.
"""

from dataclasses import asdict, fields
from datetime import UTC, datetime

from common import postgres
from ingest.columns import Columns
from ingest.file_names import OTHER_PROGRAMS_RANK, ExposureFile, Kind

_HEADER_COLUMNS = tuple(field.name for field in fields(Columns) if field.name != "capture_date")

# The rank of the header that a row has. A header without a rank was written by another program.
_STORED_RANK = (
    f"COALESCE(images.header_rank, CASE WHEN images.header IS NULL THEN 0 ELSE {OTHER_PROGRAMS_RANK} END)"
)


def add_file(file: ExposureFile, stored_at: float) -> int:
    """Mark a file of an image as present; return the rank of the header that the row has, 0 without one.

    Until a header says when the image was captured, its dates are the time when its first file was stored.

    Parameters
    ----------
    file
        The file.
    stored_at
        When it was stored; Unix seconds.
    """
    flags = [] if file.kind is Kind.HEADER_TEXT else [file.kind.value]
    date_is_unknown = f"{_STORED_RANK} = 0"
    updates = [
        *(f"{flag} = TRUE" for flag in flags),
        *(
            f"{date} = CASE WHEN {date_is_unknown}"
            f" THEN LEAST(images.{date}, EXCLUDED.{date}) ELSE images.{date} END"
            for date in ("capture_date", "sort_date")
        ),
    ]
    return _upsert(
        {**_name(file), **_dates(stored_at), **dict.fromkeys(flags, True)},
        updates,
    )


def add_flag(file: ExposureFile, kind: Kind) -> None:
    """Mark another file of the same image as present. The row is there already."""
    postgres.query(
        f"""UPDATE images SET {kind.value} = TRUE
        WHERE base_filename = %(base_filename)s AND data_type = %(data_type)s RETURNING image_id""",  # noqa: S608 - a name of this code
        _name(file),
    )


def add_header(file: ExposureFile, columns: Columns, stored_at: float) -> int:
    """Write the header and its columns, unless the row has one that counts more; return the row's rank.

    Parameters
    ----------
    file
        The file that holds the header.
    columns
        What the header says. If it does not say when the image was captured, the dates are the time when the
        file was stored.
    stored_at
        When the file was stored; Unix seconds.
    """
    captured = columns.capture_date
    dates = _dates(stored_at) if captured is None else {"capture_date": captured, "sort_date": captured}
    values = {name: value for name, value in asdict(columns).items() if name in _HEADER_COLUMNS}
    row = {**_name(file), **dates, **values, "header_rank": file.header_rank}
    counts = f"EXCLUDED.header_rank >= {_STORED_RANK}"
    updates = [
        f"{column} = CASE WHEN {counts} THEN EXCLUDED.{column} ELSE images.{column} END"
        for column in (*dates, *values, "header_rank")
    ]
    return _upsert(row, updates)


def _upsert(row: dict[str, object], updates: list[str]) -> int:
    columns = ", ".join(row)
    values = ", ".join(f"%({column})s" for column in row)
    found = postgres.query(
        # The names of columns are this code's; values are bound.
        f"""INSERT INTO images ({columns}) VALUES ({values})
        ON CONFLICT (base_filename, data_type) DO UPDATE SET {", ".join(updates)}
        RETURNING {_STORED_RANK} AS rank""",  # noqa: S608 - see above
        row,
    )
    return int(found[0]["rank"])


def _name(file: ExposureFile) -> dict[str, object]:
    return {"base_filename": file.base_filename, "data_type": file.data_type, "site": file.site}


def _dates(stored_at: float) -> dict[str, object]:
    """Return both dates of a row. Whole seconds: S3 tells milliseconds in messages but not in listings."""
    date = datetime.fromtimestamp(int(stored_at), UTC).replace(tzinfo=None)
    return {"capture_date": date, "sort_date": date}
