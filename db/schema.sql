-- The image table as production has it, and the indexes that this project needs.
--
-- It may be applied again, also to a table in use: indexes are built CONCURRENTLY, so the ingester can write
-- meanwhile. That is not possible inside a transaction, so each statement runs by itself:
--     python -m db.schema        or        psql "$DATABASE_URL" -f db/schema.sql

CREATE TABLE IF NOT EXISTS images (
    image_id          serial PRIMARY KEY,
    base_filename     text,
    data_type         text,
    site              text,
    capture_date      timestamp without time zone,  -- UTC
    sort_date         timestamp without time zone,  -- UTC
    right_ascension   double precision,
    declination       double precision,
    altitude          double precision,
    azimuth           double precision,
    airmass           double precision,
    exposure_time     double precision,
    filter_used       text,
    username          text,
    user_id           text,
    fits_01_exists    boolean,
    fits_10_exists    boolean,
    jpg_medium_exists boolean,
    jpg_small_exists  boolean,
    header            text                           -- JSON object of the FITS header, or NULL, or malformed
);

-- An image by its name, and names by their first letters. This operator class supports = and LIKE 'prefix%'
-- for every collation.
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_by_name
    ON images (base_filename text_pattern_ops);

-- The newest images: of all, of a site, of a user at a site, of a user. An image without a sort date counts as
-- the oldest. The key breaks ties, so the order is total and a page can start after any image.
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_newest
    ON images (COALESCE(sort_date, '-infinity') DESC, image_id DESC)
    WHERE jpg_medium_exists;
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_newest_of_site
    ON images (site, COALESCE(sort_date, '-infinity') DESC, image_id DESC)
    WHERE jpg_medium_exists;
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_newest_of_user_at_site
    ON images (user_id, site, COALESCE(sort_date, '-infinity') DESC, image_id DESC)
    WHERE jpg_medium_exists;
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_newest_of_user
    ON images (user_id, COALESCE(sort_date, '-infinity') DESC, image_id DESC)
    WHERE jpg_medium_exists;
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_newest_of_username
    ON images (username, COALESCE(sort_date, '-infinity') DESC, image_id DESC)
    WHERE jpg_medium_exists;

-- The newest images of an object, by its name in the header without case and blanks, and images near a place on
-- the sky. db/queries.py and db/cone.py repeat the expressions and describe them. These indexes have no WHERE:
-- PostgreSQL uses statistics of an expression only from an index of all rows.
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_newest_of_object
    ON images (
        (left(replace(lower(substring(header FROM '"OBJECT"\s*:\s*"((?:[^"\\]|\\.)*)"') COLLATE "C"), ' ', ''), 100)),
        COALESCE(sort_date, '-infinity') DESC,
        image_id DESC
    );
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_by_place
    ON images (
        (floor(((CASE WHEN abs(declination) <= 90 THEN declination END) + 90) * 2) * 360 + (CASE WHEN capture_date < '2023-03-08 09:20' THEN CASE WHEN abs(right_ascension) <= 24 THEN right_ascension * 15 END ELSE CASE WHEN abs(right_ascension) <= 360 THEN right_ascension END END) + CASE WHEN right_ascension < 0 THEN 360 ELSE 0 END)
    );

-- Images captured in a night: at a site, anywhere.
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_by_capture_at_site
    ON images (site, capture_date)
    WHERE jpg_medium_exists;
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_by_capture
    ON images (capture_date)
    WHERE jpg_medium_exists;

-- Images captured in a night at a site that have a FITS file, with or without a JPG: for zips.
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_with_fits_by_capture_at_site
    ON images (site, capture_date)
    WHERE fits_10_exists OR fits_01_exists;

-- The final image of a smart stack: the highest SSTKNUM, then the newest. The expressions read numbers directly
-- from the header's text and never fail. db/queries.py repeats them exactly, because PostgreSQL uses an index
-- only for the same expression. It also says which headers they misread.
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_final_of_stack
    ON images (
        (substring(left(split_part(header, '"SMARTSTK"', 2), 64) FROM '^\s*:\s*(?:"(?=[^",}]*")|(?=[^",}]*[,}]))\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?)\s*[",}]')::numeric),
        (substring(left(split_part(header, '"SSTKNUM"', 2), 64) FROM '^\s*:\s*(?:"(?=[^",}]*")|(?=[^",}]*[,}]))\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?)\s*[",}]')::numeric) DESC NULLS LAST,
        COALESCE(sort_date, '-infinity') DESC,
        image_id DESC
    )
    WHERE jpg_medium_exists;

-- Statistics of the expressions. Without them PostgreSQL would read the newest images of the whole table to find
-- those near a place.
ANALYZE images;
