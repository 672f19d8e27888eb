"""The cases of `benchmarks.growth`: what each route's cost depends on, and how it should grow."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import growth_data, image_rows
from benchmarks.growth_data import always
from support.cost_cases import Step, call, get, post
from support.seed_data import FILE, QUEUE, SeedData, upload, write_rows

FLAT, PROPORTIONAL = "flat", "proportional"


@dataclass(frozen=True)
class Route:
    """A route that is called at each size.

    Attributes
    ----------
    ask
        Returns the request for a size.
    law
        `FLAT` or `PROPORTIONAL`: how its cost follows the size, by design.
    why
        Why it does.
    again
        Returns for a size the steps to run before each call. They are not measured.
    """

    ask: Callable[[int], Step]
    law: str
    why: str
    again: Callable[[int], tuple[Step, ...]] = lambda _size: ()


@dataclass(frozen=True)
class GrowthCase:
    """A kind of data that grows, and the routes whose cost may depend on it.

    Attributes
    ----------
    sizes
        In ascending order.
    grow
        Makes the data as large as the given size, starting from the previous size.
    """

    sizes: tuple[int, ...]
    grow: Callable[[SeedData, int], object]
    routes: dict[str, Route]


DEQUEUE = f"/pipe/queue/{QUEUE}/dequeue"
ONE_KEY = "one row by its key"
NIGHT = {"site": image_rows.SITES[2], "start_date": "2018-01-02 12:00:00", "end_date": "2018-01-03 12:00:00"}
NAME = f"{image_rows.BUSY_SITE}-sq01-20180101-00000001"


POLL, FIRST_POLL = growth_data.poll("/all/config")


def one_more(_size: int) -> tuple[Step, ...]:
    """Return the step that replaces an item that a call has taken."""
    return (growth_data.put_item,)


GROWTH_CASES: dict[str, GrowthCase] = {
    "sites": GrowthCase(
        (10, 100, 1000),
        growth_data.grow_sites,
        {
            "GET /{site}/config": Route(always(get("/mrc1/config")), FLAT, ONE_KEY),
            "GET /events": Route(always(get("/events", site="mrc")), FLAT, ONE_KEY),
            "GET /all/config": Route(
                always(get("/all/config")), FLAT, "one row is read, and a kept answer is sent"
            ),
            "GET /all/config, with its ETag": Route(
                always(POLL), FLAT, "one row is read, and nothing is sent", always((FIRST_POLL,))
            ),
            "GET /all/config, first of a process": Route(
                always(get("/all/config")),
                FLAT,
                "one row and one object are read",
                always((growth_data.forget_copies,)),
            ),
            "GET /all/config, after a change": Route(
                always(get("/all/config")),
                PROPORTIONAL,
                "every config is read",
                always((growth_data.change_config,)),
            ),
            "GET /latest_image_all_sites": Route(
                always(get("/latest_image_all_sites")),
                PROPORTIONAL,
                "one statement with one index look-up per site; one URL is signed per site",
            ),
            "GET /latest_image_all_sites, first in 30 s": Route(
                always(get("/latest_image_all_sites")),
                PROPORTIONAL,
                "the same, and one row and the object with the codes",
                always((growth_data.forget_copies,)),
            ),
        },
    ),
    "uploads in the log": GrowthCase(
        (10, 100, 1000, 10_000),
        lambda _seed, count: write_rows(
            "UPLOADS_LOG_TABLE_NAME", (upload("mrc1", number) for number in range(count))
        ),
        {
            "GET /recentuploads": Route(
                always(get("/recentuploads", site="mrc1")),
                PROPORTIONAL,
                "all uploads of the site are returned",
            ),
            "GET /recentuploads, all sites": Route(
                always(get("/recentuploads", site="all")), PROPORTIONAL, "the response has all uploads"
            ),
        },
    ),
    "items of a queue to delete": GrowthCase(
        (10, 100, 1000),
        lambda *_: None,
        {
            "DELETE /pipe/queue/{queue_name}": Route(
                always(call("DELETE", f"/pipe/queue/{growth_data.BIG_QUEUE}")),
                PROPORTIONAL,
                "every row is deleted",
                growth_data.fill_big_queue,
            )
        },
    ),
    "queues": GrowthCase(
        (1, 10, 100, 1000),
        growth_data.grow_queues,
        {
            "GET /pipe/queues, by queues": Route(
                always(get("/pipe/queues")),
                PROPORTIONAL,
                "a count for each; from 100 queues on a scan, if the table is short",
            ),
            "reportQueues": Route(always(growth_data.report_queues), PROPORTIONAL, "all rows are scanned"),
        },
    ),
    "machines": GrowthCase(
        (10, 100, 1000),
        growth_data.grow_statuses,
        {
            "GET /pipe/statuses": Route(
                always(get("/pipe/statuses")), PROPORTIONAL, "the response has all statuses"
            )
        },
    ),
    "items in the queue": GrowthCase(
        (10, 100, 1000, 10_000),
        growth_data.grow_queue,
        {
            "POST /pipe/enqueue": Route(
                always(post("/pipe/enqueue", {"queue_name": QUEUE})),
                FLAT,
                "the counter is increased and one row is written",
            ),
            "POST …/dequeue": Route(
                always(post(DEQUEUE)), FLAT, "the head of the queue is read, a page of eight", one_more
            ),
            "POST …/dequeue, on a lease, and ack": Route(
                lambda _size: growth_data.lease_and_acknowledge,
                FLAT,
                "the same, and two rows by their keys",
                one_more,
            ),
            "GET /pipe/queue/{queue_name}": Route(
                always(get(f"/pipe/queue/{QUEUE}")), FLAT, "the first ten are read"
            ),
            "GET …/stats": Route(
                always(get(f"/pipe/queue/{QUEUE}/stats")),
                PROPORTIONAL,
                "a lease ends when its time is over, so all items must be read",
            ),
            "GET /pipe/queues": Route(
                always(get("/pipe/queues")), PROPORTIONAL, "DynamoDB counts by reading; no item is sent"
            ),
        },
    ),
    "dead letters": GrowthCase(
        (1, 10, 100),
        growth_data.grow_dead_letters,
        {
            "GET …/dead_letters": Route(
                always(get(f"/pipe/queue/{growth_data.DEAD_QUEUE}/dead_letters")),
                FLAT,
                "the first ten are read",
            ),
            "POST …/redrive, all": Route(
                always(post(f"/pipe/queue/{growth_data.DEAD_QUEUE}/redrive")),
                PROPORTIONAL,
                "each dead letter is put back by its own request",
                lambda size: (lambda seed: growth_data.grow_dead_letters(seed, size),),
            ),
        },
    ),
    "kB of a config": GrowthCase(
        (1, 10, 100, 390),
        lambda *_: None,
        {
            "PUT /{site}/config": Route(
                growth_data.put_config, PROPORTIONAL, "it is checked, sent and stored"
            ),
            "GET /{site}/config, by size": Route(
                always(get("/mrc1/config")),
                PROPORTIONAL,
                "it is read and sent",
                lambda size: (growth_data.put_config(size),),
            ),
        },
    ),
    "rows of the image table": GrowthCase(
        (1000, 10_000, 50_000),
        growth_data.grow_rows,
        {
            "GET /{site}/latest_images/100": Route(
                always(get(f"/{image_rows.BUSY_SITE}/latest_images/100")),
                FLAT,
                "read from the end of an index",
            ),
            "GET /filtered_images, a night": Route(
                always(get("/filtered_images", **NIGHT)),
                FLAT,
                "one range of an index, which covers the night",
            ),
            "GET /image/{base_filename}": Route(always(get(f"/image/{NAME}")), FLAT, "one name in an index"),
            "GET /fitsheader/{base_filename}": Route(
                always(get(f"/fitsheader/{NAME}")), FLAT, "one name in an index"
            ),
        },
    ),
    "images requested": GrowthCase(
        (10, 100, 1000, 5000),
        lambda *_: None,
        {
            "GET /{site}/latest_images/{n}": Route(
                lambda size: get(f"/{image_rows.BUSY_SITE}/latest_images/{size}"),
                PROPORTIONAL,
                "each has a header to read and two URLs to sign",
            )
        },
    ),
    "pages": GrowthCase(
        (1, 10, 100),
        lambda *_: None,
        {
            "GET /{site}/latest_images/100, later pages": Route(
                growth_data.page, FLAT, "the read starts at the first row of the page"
            )
        },
    ),
    "files in a zip": GrowthCase(
        (10, 100, 300),
        growth_data.grow_files,
        {
            "POST /downloadzip": Route(
                growth_data.zip_of,
                PROPORTIONAL,
                "each file is looked up, read and written",
                lambda _: (growth_data.forget_downloads,),
            )
        },
    ),
    "megapixels of an image": GrowthCase(
        (1, 4, 16),
        growth_data.grow_image,
        {
            "POST /download, FITS": Route(
                always(post("/download", {"object_name": FILE.format(0), "image_type": "fits"})),
                PROPORTIONAL,
                "it is decoded, written and stored",
                lambda _: (growth_data.forget_downloads,),
            )
        },
    ),
    "days of the Moon": GrowthCase(
        (1, 10, 100, 366),
        lambda *_: None,
        {
            "GET /events/moon/rise-set-illum": Route(
                growth_data.moon, PROPORTIONAL, "three crossings a day are computed"
            )
        },
    ),
    "control rooms": GrowthCase(
        (1, 10, 30),
        growth_data.grow_rooms,
        {
            "every hour": Route(
                growth_data.restart_rooms,
                PROPORTIONAL,
                "one room after the other, three calls to RemoteHQ each",
            )
        },
    ),
}
