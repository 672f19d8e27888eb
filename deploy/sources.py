"""Find the project's own files that handlers need, by following their imports.

Imports are read from the source code. So imports inside functions count too, and so do the modules that a
`Sandbox` loads in its own process.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

# The class of `common.sandbox`; its arguments name modules.
_SANDBOX = "Sandbox"


def modules(root: Path, handlers: Iterable[str]) -> set[str]:
    """Return the modules that `handlers` need, including their own, as paths relative to `root`.

    Parameters
    ----------
    root
        The project's folder.
    handlers
        Names of the form `folder/module.function`.
    """
    waiting = [module for handler in handlers for module in _prefixes(_module(handler))]
    found: set[str] = set()
    while waiting:
        file = _file(root, waiting.pop())
        if file is None or file in found:
            continue
        found.add(file)
        waiting.extend(_imported((root / file).read_text()))
    return found


def libraries(root: Path, files: Iterable[str]) -> set[str]:
    """Return the modules of libraries and of Python that `files` (paths relative to `root`) import.

    Each is named as after `import` or `from`.
    """
    found = {module for file in files for module, _names in _imports((root / file).read_text())}
    return {module for module in found if _file(root, module.partition(".")[0]) is None}


def data_files(root: Path, patterns: Iterable[str]) -> set[str]:
    """Return the files that match `patterns`, as paths relative to `root`.

    Raises
    ------
    FileNotFoundError
        If a pattern matches no file.
    """
    found: set[str] = set()
    for pattern in patterns:
        matching = {str(path.relative_to(root)) for path in root.glob(pattern) if path.is_file()}
        if not matching:
            raise FileNotFoundError(f"No file matches {pattern}.")
        found |= matching
    return found


def _module(handler: str) -> str:
    return handler.rpartition(".")[0].replace("/", ".")


def _prefixes(module: str) -> Iterator[str]:
    """Return a module and its parent packages, which Python imports first."""
    parts = module.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _file(root: Path, module: str) -> str | None:
    """Return the file of one of the project's modules; None for other names."""
    path = module.replace(".", "/")
    candidates = (f"{path}.py", f"{path}/__init__.py")
    return next((candidate for candidate in candidates if (root / candidate).is_file()), None)


def _imported(source: str) -> Iterator[str]:
    """Return every name that `source` imports and that may be a module."""
    for module, names in _imports(source):
        for name in names or [""]:
            yield from _prefixes(f"{module}.{name}".rstrip("."))


def _imports(source: str) -> Iterator[tuple[str, list[str]]]:
    """Return the modules that are imported or loaded in a sandbox, and the names imported from each."""
    for node in _nodes(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, [alias.name for alias in node.names]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == _SANDBOX:
            yield from ((name, []) for name in _texts(node))


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Return the nodes of a syntax tree, without those that only type checkers see."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            waiting.extend(node.orelse)
        else:
            yield node
            waiting.extend(ast.iter_child_nodes(node))


def _texts(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
