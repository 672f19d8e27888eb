"""`python -m pages.document` writes openapi.json from docs/openapi.yaml.

People edit the one, Lambda serves the other, which has no parser of YAML and needs none.
"""

import json
import sys
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "docs" / "openapi.yaml"
TARGET = Path(__file__).parent / "openapi.json"


def as_json() -> str:
    """Answer the document as compact JSON."""
    import yaml

    document = yaml.load(SOURCE.read_text(), yaml.CSafeLoader)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def main() -> int:
    """Write the document; return the process's exit status."""
    import yaml

    try:
        TARGET.write_text(as_json())
    except (OSError, yaml.YAMLError) as error:
        sys.stderr.write(f"{SOURCE.name} cannot be read, or {TARGET.name} not be written: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
