"""All that a process of the API holds between requests, judged: may copies of one snapshot share it?

By the project's convention, names in capitals are constants, and module-level names in small letters hold
something that may change. The caches of functions are held too.
"""

import ast
from collections.abc import Iterator

import pytest

from common import snapshot
from deploy import sources
from local.deployment import PROJECT, Deployment

# Dropped before a snapshot, by the module's entry in `snapshot.DROPPED_BY`, or by another module's.
DROPPED = {
    "auth.site_keys._valid_keys": "auth.site_keys",
    "common.aws._made_client": "common.aws",
    "common.aws.session": "common.aws",
    "common.postgres._idle": "common.postgres",
    "common.presign._credentials": "common.presign",
    "common.presign._parameter": "common.presign",
    "common.presign._query": "common.presign",
    "common.presign._signing_key": "common.presign",
    "common.settings.secret": "common.settings",
    "now.answer._answer": "now.answer",
    "now.reading._sites": "now.answer",
    "now.reading._uploads": "now.answer",
    "pipe_queue.counting._table": "pipe_queue.counting",
    "remotehq.locks._unconfirmed": "remotehq.locks",
    "site_configs.listings._copies": "site_configs.listings",
    "site_configs.store._copies": "site_configs.store",
    "site_configs.store._site_codes": "site_configs.store",
}

# Copies may share these, for the reason given.
TABLE = "the name of a table; it asks `common.aws` for the client each time"
FILE = "made of a file of the artifact"
SHARED = {
    "api.store._table": TABLE,
    "common.aws_session.loader": FILE,
    "common.aws._making": "a lock that nobody holds at the end of the init phase",
    "common.logs.logger": "writes to the current standard error",
    "common.presign._place": "made of settings, which are those of the version",
    "common.request_context._current": "its times are set anew by each request",
    "common.responses._encoder": "has no state",
    "downloads.conversions.sandbox": "starts its process with the first job, so never in the init phase",
    "downloads.quantization._series": "numbers of the FITS standard",
    "info_images.store._table": TABLE,
    "ingest.announcements._topic_arn": "made of a setting",
    "ingest.info_images._table": TABLE,
    "ingest.thumbnails._sandbox": "starts its process with the first job, so never in the init phase",
    "ingest.upload_log._uploads": TABLE,
    "night_log.history._table": TABLE,
    "night_log.store._table": TABLE,
    "now.sky._last_nights": "compared with the time of each request",
    "now.sky._plan": "the sky of a night does not change",
    "now.sky._tracks": "the sky of a day does not change",
    "now.store._configs": TABLE,
    "now.store._notes": TABLE,
    "now.store._uploads": TABLE,
    "pages.assets._swagger_ui": FILE,
    "pages.assets.content": FILE,
    "pages.assets.gzipped": FILE,
    "pages.assets.page": FILE,
    "pages.handlers._document": FILE,
    "pipe_queue.store.table.table": TABLE,
    "remotehq.store._table": TABLE,
    "site_configs.table._table": TABLE,
    "site_configs.table._versions": TABLE,
}

# What gives another value at each call: an import that kept one would give it to all copies.
CHANGING = {"monotonic", "perf_counter", "time_ns", "now", "today", "uuid1", "uuid4", "urandom", "random"}
CACHES = {"cache", "lru_cache"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Yield the name and the syntax tree of each module that a function of the API imports."""
    handlers = [function.handler for function in Deployment().functions.values()]
    for file in sorted(sources.modules(PROJECT, handlers)):
        name = file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        yield name, ast.parse((PROJECT / file).read_text())


def held(tree: ast.Module) -> Iterator[str]:
    """Yield the names in a module that hold something between requests."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name) and target.id.islower() and target.id != "__all__":
                yield target.id
    for part in ast.walk(tree):
        if isinstance(part, ast.FunctionDef) and CACHES & {_called(each) for each in part.decorator_list}:
            yield part.name
        elif isinstance(part, ast.Global):
            yield from part.names


def called_by_import(tree: ast.AST) -> Iterator[str]:
    """Yield the names that an import of a module calls; bodies of functions run later."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            for part in [*node.args.defaults, *node.args.kw_defaults, *getattr(node, "decorator_list", [])]:
                if part is not None:
                    yield from called_by_import(ast.Expression(part))
            continue
        if isinstance(node, ast.Call):
            yield _called(node)
        yield from called_by_import(node)


def _called(node: ast.expr) -> str:
    """Return the last part of the name of a function that is called, or that decorates."""
    function = node.func if isinstance(node, ast.Call) else node
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_all_that_a_process_holds_is_judged() -> None:
    found = {f"{module}.{name}" for module, tree in trees() for name in held(tree)}
    assert found == DROPPED.keys() | SHARED.keys()
    assert not DROPPED.keys() & SHARED.keys()


def test_what_is_to_be_dropped_is_dropped() -> None:
    assert set(DROPPED.values()) == snapshot.DROPPED_BY.keys()


def test_no_import_keeps_a_time_or_a_random_number() -> None:
    found = {(module, name) for module, tree in trees() for name in called_by_import(tree)}
    assert {each for each in found if each[1] in CHANGING} == set()


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("_kept = {}", ["_kept"]),
        ("_kept: dict[str, int] = {}", ["_kept"]),
        ("KEPT = {}\nKind = str", []),
        ("class A:\n    @cache\n    def made(): ...", ["made"]),
        ("@functools.lru_cache(8)\ndef made(): ...", ["made"]),
        ("def made():\n    global _kept", ["_kept"]),
        ("def made():\n    inside = {}", []),
    ],
)
def test_the_search_finds_state(source: str, names: list[str]) -> None:
    assert list(held(ast.parse(source))) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("STARTED = time.monotonic()", ["monotonic"]),
        ("def handle(now=time.monotonic()): ...", ["monotonic"]),
        ("class A:\n    started = uuid4()", ["uuid4"]),
        ("def handle():\n    return uuid4()", []),
        ("MAKE = lambda: uuid4()", []),
    ],
)
def test_the_search_finds_what_an_import_calls(source: str, names: list[str]) -> None:
    assert list(called_by_import(ast.parse(source))) == names
