"""What each route's cost grows with, and how it should follow."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import growing, image_rows
from benchmarks.growing import always
from support.cost_cases import Ask, call, get, post
from support.seed_data import FILE, QUEUE, World, upload, write_rows

FLAT, STRAIGHT = "flat", "straight"


@dataclass(frozen=True)
class Route:
    """A route that is asked at each size.

    Attributes
    ----------
    ask
        Given the size, the request.
    law
        `FLAT` or `STRAIGHT`: how its cost follows the size, by design.
    why
        Why it does.
    again
        Given the size, what is done before each call and not measured.
    """

    ask: Callable[[int], Ask]
    law: str
    why: str
    again: Callable[[int], tuple[Ask, ...]] = lambda _size: ()


@dataclass(frozen=True)
class Subject:
    """Something that grows, and the routes that it may matter to.

    Attributes
    ----------
    sizes
        In ascending order.
    grow
        Makes it so large, from the size before.
    """

    sizes: tuple[int, ...]
    grow: Callable[[World, int], object]
    routes: dict[str, Route]


DEQUEUE = f"/pipe/queue/{QUEUE}/dequeue"
ONE_KEY = "one row by its key"
NIGHT = {"site": image_rows.SITES[2], "start_date": "2018-01-02 12:00:00", "end_date": "2018-01-03 12:00:00"}
NAME = f"{image_rows.BUSY_SITE}-sq01-20180101-00000001"


def one_more(_size: int) -> tuple[Ask, ...]:
    """Answer what makes up for an item that is taken."""
    return (growing.put_item,)


SUBJECTS: dict[str, Subject] = {
    "sites": Subject(
        (10, 100, 1000),
        growing.grow_sites,
        {
            "GET /{site}/config": Route(always(get("/mrc1/config")), FLAT, ONE_KEY),
            "GET /events": Route(always(get("/events", site="mrc")), FLAT, ONE_KEY),
            "GET /all/config": Route(always(get("/all/config")), STRAIGHT, "every config is read and sent"),
            "GET /latest_image_all_sites": Route(
                always(get("/latest_image_all_sites")),
                STRAIGHT,
                "one statement, which looks into an index once for each site, and a URL for each",
            ),
            "GET /latest_image_all_sites, first in 30 s": Route(
                always(get("/latest_image_all_sites")),
                STRAIGHT,
                "DynamoDB reads whole configs to tell their names",
                lambda _size: (growing.forget_codes,),
            ),
        },
    ),
    "uploads in the log": Subject(
        (10, 100, 1000, 10_000),
        lambda _world, count: write_rows(
            "UPLOADS_LOG_TABLE_NAME", (upload("mrc1", number) for number in range(count))
        ),
        {
            "GET /recentuploads": Route(
                always(get("/recentuploads", site="mrc1")), STRAIGHT, "all of a site's are answered"
            ),
            "GET /recentuploads, all sites": Route(
                always(get("/recentuploads", site="all")), STRAIGHT, "all are answered"
            ),
        },
    ),
    "items of a queue to delete": Subject(
        (10, 100, 1000),
        lambda *_: None,
        {
            "DELETE /pipe/queue/{queue_name}": Route(
                always(call("DELETE", f"/pipe/queue/{growing.BIG_QUEUE}")),
                STRAIGHT,
                "every row is deleted",
                growing.fill_big_queue,
            )
        },
    ),
    "queues": Subject(
        (1, 10, 100),
        growing.grow_queues,
        {"GET /pipe/queues, by queues": Route(always(get("/pipe/queues")), STRAIGHT, "a count for each")},
    ),
    "machines": Subject(
        (10, 100, 1000),
        growing.grow_statuses,
        {"GET /pipe/statuses": Route(always(get("/pipe/statuses")), STRAIGHT, "all are answered")},
    ),
    "items in the queue": Subject(
        (10, 100, 1000, 10_000),
        growing.grow_queue,
        {
            "POST /pipe/enqueue": Route(
                always(post("/pipe/enqueue", {"queue_name": QUEUE})), FLAT, "a number is drawn, a row put"
            ),
            "POST …/dequeue": Route(
                always(post(DEQUEUE)), FLAT, "the head of the queue is read, a page of eight", one_more
            ),
            "POST …/dequeue, on a lease, and ack": Route(
                lambda _size: growing.lease_and_acknowledge,
                FLAT,
                "the same, and two rows by their keys",
                one_more,
            ),
            "GET /pipe/queue/{queue_name}": Route(
                always(get(f"/pipe/queue/{QUEUE}")), FLAT, "the first ten are read"
            ),
            "GET …/stats": Route(
                always(get(f"/pipe/queue/{QUEUE}/stats")),
                STRAIGHT,
                "leases end by the clock, so all are looked at",
            ),
            "GET /pipe/queues": Route(
                always(get("/pipe/queues")), STRAIGHT, "DynamoDB counts by reading; no item is sent"
            ),
        },
    ),
    "dead letters": Subject(
        (1, 10, 100),
        growing.grow_dead_letters,
        {
            "GET …/dead_letters": Route(
                always(get(f"/pipe/queue/{growing.DEAD_QUEUE}/dead_letters")), FLAT, "the first ten are read"
            ),
            "POST …/redrive, all": Route(
                always(post(f"/pipe/queue/{growing.DEAD_QUEUE}/redrive")),
                STRAIGHT,
                "each is put back by itself",
                lambda size: (lambda world: growing.grow_dead_letters(world, size),),
            ),
        },
    ),
    "kB of a config": Subject(
        (1, 10, 100, 390),
        lambda *_: None,
        {
            "PUT /{site}/config": Route(growing.put_config, STRAIGHT, "it is checked, sent and stored"),
            "GET /{site}/config, by size": Route(
                always(get("/mrc1/config")),
                STRAIGHT,
                "it is read and sent",
                lambda size: (growing.put_config(size),),
            ),
        },
    ),
    "rows of the image table": Subject(
        (1000, 10_000, 50_000),
        growing.grow_rows,
        {
            "GET /{site}/latest_images/100": Route(
                always(get(f"/{image_rows.BUSY_SITE}/latest_images/100")),
                FLAT,
                "read off the end of an index",
            ),
            "GET /filtered_images, a night": Route(
                always(get("/filtered_images", **NIGHT)), FLAT, "a stretch of an index, as long as the night"
            ),
            "GET /image/{base_filename}": Route(always(get(f"/image/{NAME}")), FLAT, "one name in an index"),
            "GET /fitsheader/{base_filename}": Route(
                always(get(f"/fitsheader/{NAME}")), FLAT, "one name in an index"
            ),
        },
    ),
    "images asked for": Subject(
        (10, 100, 1000, 5000),
        lambda *_: None,
        {
            "GET /{site}/latest_images/{n}": Route(
                lambda size: get(f"/{image_rows.BUSY_SITE}/latest_images/{size}"),
                STRAIGHT,
                "each has a header to read and two URLs to sign",
            )
        },
    ),
    "pages read on": Subject(
        (1, 10, 100),
        lambda *_: None,
        {
            "GET /{site}/latest_images/100, further on": Route(
                growing.page, FLAT, "the index is entered where the page begins"
            )
        },
    ),
    "files in a zip": Subject(
        (10, 100, 300),
        growing.grow_files,
        {
            "POST /downloadzip": Route(
                growing.zip_of,
                STRAIGHT,
                "each file is looked up, read and written",
                lambda _: (growing.forget_downloads,),
            )
        },
    ),
    "megapixels of an image": Subject(
        (1, 4, 16),
        growing.grow_image,
        {
            "POST /download, FITS": Route(
                always(post("/download", {"object_name": FILE.format(0), "image_type": "fits"})),
                STRAIGHT,
                "it is decoded, written and stored",
                lambda _: (growing.forget_downloads,),
            )
        },
    ),
    "days of the Moon": Subject(
        (1, 10, 100, 366),
        lambda *_: None,
        {
            "GET /events/moon/rise-set-illum": Route(
                growing.moon, STRAIGHT, "three crossings a day are sought"
            )
        },
    ),
    "control rooms": Subject(
        (1, 10, 30),
        growing.grow_rooms,
        {
            "every hour": Route(
                growing.restart_rooms, STRAIGHT, "one room after the other, three calls to RemoteHQ each"
            )
        },
    ),
}
