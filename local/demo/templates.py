"""JSON templates: a value in braces names an attribute, as in "{site.title} Observatory"."""

import json
import re
from functools import reduce
from pathlib import Path
from typing import Any, Final

DATA: Final = Path(__file__).parent / "data"


def read_data(name: str) -> Any:
    """Return the content of a JSON file of the folder `data`."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def filled_in(value: Any, names: dict[str, Any]) -> Any:
    """Return a template's value with the attributes of `names`; one attribute alone keeps its type."""
    if isinstance(value, dict):
        return {key: filled_in(member, names) for key, member in value.items()}
    if isinstance(value, list):
        return [filled_in(member, names) for member in value]
    if not isinstance(value, str):
        return value
    if re.fullmatch(r"\{[a-z_.]+\}", value):
        first, *attributes = value[1:-1].split(".")
        return reduce(getattr, attributes, names[first])
    return value.format(**names)
