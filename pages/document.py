"""`python -m pages.document` writes openapi.json from docs/openapi.yaml.

People edit the one, Lambda serves the other, which has no parser of YAML and needs none.
"""

import json
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "docs" / "openapi.yaml"
TARGET = Path(__file__).parent / "openapi.json"


def as_json() -> str:
    """Answer the document as compact JSON."""
    import yaml

    document = yaml.load(SOURCE.read_text(), yaml.CSafeLoader)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    TARGET.write_text(as_json())
