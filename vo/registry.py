"""The documents of VOSI 1.1 (IVOA Support Interfaces): what the service offers, and whether it answers."""

from common.xml_text import escaped

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_CAPABILITIES = (
    '<vosi:capabilities xmlns:vosi="http://www.ivoa.net/xml/VOSICapabilities/v1.0"'
    ' xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
)
# Standard, version of the interface, use of its address, and route.
_OFFERED = (
    ("ivo://ivoa.net/std/VOSI#capabilities", "1.0", "full", "capabilities"),
    ("ivo://ivoa.net/std/VOSI#availability", "1.0", "full", "availability"),
    ("ivo://ivoa.net/std/SIA#query-2.0", "2.0", "base", "sia2"),
)


def capabilities(base_url: str) -> str:
    """Return the capabilities of the routes behind a URL."""
    offered = "".join(_capability(*each, base_url) for each in _OFFERED)
    return f"{_HEAD}{_CAPABILITIES}{offered}</vosi:capabilities>\n"


def availability(problem: str | None) -> str:
    """Return that the service is available, or the problem that it has."""
    note = "" if problem is None else f"<vosi:note>{escaped(problem)}</vosi:note>"
    return (
        f'{_HEAD}<vosi:availability xmlns:vosi="http://www.ivoa.net/xml/VOSIAvailability/v1.0">'
        f"<vosi:available>{'false' if problem else 'true'}</vosi:available>{note}</vosi:availability>\n"
    )


def _capability(standard: str, version: str, use: str, route: str, base_url: str) -> str:
    return (
        f'<capability standardID="{standard}">'
        f'<interface xsi:type="vs:ParamHTTP" role="std" version="{version}">'
        f'<accessURL use="{use}">{escaped(base_url)}/vo/{route}</accessURL></interface></capability>\n'
    )
