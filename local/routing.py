"""Find the route for a path by the rules of API Gateway."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from local.deployment import Route


@dataclass
class Resource:
    """A node of API Gateway's tree of resources: its routes by method, and the segments below it."""

    routes: dict[str, Route] = field(default_factory=dict)
    fixed: dict[str, "Resource"] = field(default_factory=dict)
    variable: "Resource | None" = None
    variable_name: str = ""


def resource_tree(routes: Iterable[Route]) -> Resource:
    """Return the root of the tree of `routes`.

    Raises
    ------
    ValueError
        If two variables at one place have different names: API Gateway does not deploy them.
    """
    root = Resource()
    for route in routes:
        node = root
        for segment in filter(None, route.resource.split("/")):
            node = _child(node, segment)
        node.routes[route.method] = route
    return root


def find(root: Resource, raw_path: str) -> tuple[Resource, dict[str, str]] | None:
    """Return the resource for a path and the values of its variables, or None.

    Parameters
    ----------
    root
        From `resource_tree`.
    raw_path
        The path, still percent-encoded. Doubled and trailing slashes are ignored.

    Notes
    -----
    A fixed segment takes precedence over a variable, without backtracking: `/all/config` is never the
    site "all", for any method.
    """
    node, variables = root, {}
    for segment in filter(None, raw_path.split("/")):
        text = unquote(segment)
        if text in node.fixed:
            node = node.fixed[text]
        elif node.variable is not None:
            variables[node.variable_name] = text
            node = node.variable
        else:
            return None
    return (node, variables) if node.routes else None


def _child(node: Resource, segment: str) -> Resource:
    if not segment.startswith("{"):
        return node.fixed.setdefault(segment, Resource())
    name = segment.strip("{}")
    if node.variable is None:
        node.variable, node.variable_name = Resource(), name
    if node.variable_name != name:
        raise ValueError(f"{{{name}}} and {{{node.variable_name}}} are at one place")
    return node.variable
