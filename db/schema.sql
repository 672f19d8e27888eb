-- The image table as production has it, and the indexes that this project reads it with.
--
-- Safe to apply again, also to a table in use: indexes are built CONCURRENTLY, which lets the ingester write
-- meanwhile. That cannot be done inside a transaction, so each statement is run on its own:
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

-- One image by its name, and names by their first letters. The operator class serves = and LIKE 'prefix%'
-- whatever the collation.
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_by_name
    ON images (base_filename text_pattern_ops);

-- The newest images: of all, of a site, of a user at a site, of a user. An image without a sort date is older
-- than every other, and the key breaks ties, so that the order is total and a page can go on from any image.
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

-- What was captured in a night: at a site, anywhere.
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_by_capture_at_site
    ON images (site, capture_date)
    WHERE jpg_medium_exists;
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_by_capture
    ON images (capture_date)
    WHERE jpg_medium_exists;

-- What was captured in a night at a site and has a FITS file, with a picture or without: for zips.
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_with_fits_by_capture_at_site
    ON images (site, capture_date)
    WHERE fits_10_exists OR fits_01_exists;

-- The final image of a smart stack: the highest SSTKNUM, of equals the newest. The expressions read numbers
-- and numerals straight from the header's text and never fail, whatever the text; db/queries.py has them
-- too, for a query must repeat them to the letter, and says what they do not see.
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_final_of_stack
    ON images (
        (substring(left(split_part(header, '"SMARTSTK"', 2), 64) FROM '^\s*:\s*(?:"(?=[^",}]*")|(?=[^",}]*[,}]))\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?)\s*[",}]')::numeric),
        (substring(left(split_part(header, '"SSTKNUM"', 2), 64) FROM '^\s*:\s*(?:"(?=[^",}]*")|(?=[^",}]*[,}]))\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?)\s*[",}]')::numeric) DESC NULLS LAST,
        COALESCE(sort_date, '-infinity') DESC,
        image_id DESC
    )
    WHERE jpg_medium_exists;
