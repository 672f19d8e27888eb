"""`python -m pages.document` writes openapi.json from docs/openapi.yaml.

People edit the YAML file. Lambda serves the JSON file, so it needs no YAML parser.
"""

import json
import sys
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "docs" / "openapi.yaml"
TARGET = Path(__file__).parent / "openapi.json"


def as_json() -> str:
    """Return the document as compact JSON."""
    import yaml

    document = yaml.load(SOURCE.read_text(), yaml.CSafeLoader)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def main() -> int:
    """Write the document; return the process's exit status."""
    import yaml

    try:
        TARGET.write_text(as_json())
    except (OSError, yaml.YAMLError) as error:
        sys.stderr.write(f"{SOURCE.name} cannot be read, or {TARGET.name} cannot be written: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
