"""Which route a path means, as API Gateway decides it."""

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
    """Answer the root of the tree that holds `routes`.

    Raises
    ------
    ValueError
        If two variables of different names stand at one place, which API Gateway refuses to deploy.
    """
    root = Resource()
    for route in routes:
        node = root
        for segment in filter(None, route.resource.split("/")):
            node = _child(node, segment)
        node.routes[route.method] = route
    return root


def find(root: Resource, raw_path: str) -> tuple[Resource, dict[str, str]] | None:
    """Answer the resource that a path names, and the values of its variables; None if there is none.

    Parameters
    ----------
    root
        From `resource_tree`.
    raw_path
        The path still percent-encoded. Doubled and trailing slashes do not count.

    Notes
    -----
    A fixed segment goes before a variable, and there is no second try: `/all/config` is never the
    site "all", whatever the method.
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
        raise ValueError(f"{{{name}}} and {{{node.variable_name}}} stand at one place")
    return node.variable
