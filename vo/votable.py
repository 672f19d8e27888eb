"""VOTable 1.4, the table format of the Virtual Observatory, and the answers of DALI 1.1 in it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from common.xml_text import escaped

CONTENT_TYPE = "application/x-votable+xml"

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n<RESOURCE type="results">\n'
)
_TAIL = "</RESOURCE>\n</VOTABLE>\n"

Value = str | float | int | None


@dataclass(frozen=True)
class Field:
    """A column.

    Attributes
    ----------
    name, datatype, ucd, utype
        As the attributes of FIELD.
    unit, arraysize, xtype
        The same; "" for none.
    """

    name: str
    datatype: str
    ucd: str
    utype: str
    unit: str = ""
    arraysize: str = ""
    xtype: str = ""

    def element(self) -> str:
        """Return the FIELD element."""
        given = {name: value for name, value in vars(self).items() if value}
        attributes = " ".join(f'{name}="{escaped(value, quote=True)}"' for name, value in given.items())
        return f"<FIELD {attributes}/>\n"


def head(fields: Iterable[Field]) -> str:
    """Return the beginning of a table."""
    info = '<INFO name="QUERY_STATUS" value="OK"/>\n'
    return f"{_HEAD}{info}<TABLE>\n{''.join(field.element() for field in fields)}<DATA><TABLEDATA>\n"


def row(values: Iterable[Value]) -> str:
    """Return a row. None is an empty cell."""
    return f"<TR>{''.join(f'<TD>{_cell(value)}</TD>' for value in values)}</TR>\n"


def tail(*, overflow: bool) -> str:
    """Return the end of a table. `overflow` says that there are more rows than it has."""
    info = '<INFO name="QUERY_STATUS" value="OVERFLOW"/>\n' if overflow else ""
    return f"</TABLEDATA></DATA>\n</TABLE>\n{info}{_TAIL}"


def error(sentence: str) -> str:
    """Return the answer that says what is wrong with a query."""
    return f'{_HEAD}<INFO name="QUERY_STATUS" value="ERROR">{escaped(sentence)}</INFO>\n{_TAIL}'


def _cell(value: Value) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return escaped(value) if isinstance(value, str) else repr(value)
