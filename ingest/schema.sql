-- What the ingester needs of the image table beyond db/schema.sql. Apply it only where this ingester files:
-- another program that writes the table may insert a second row for an image, which the index would refuse.
-- `python -m ingest.schema` merges such rows first; `python -m ingest.schema --undo` reverses everything.

-- Which file the header came from: see ExposureFile.header_rank. NULL where another program wrote the header.
-- The statement waits until every query of the table has ended, and later queries wait behind it: not for long.
SET lock_timeout = '3s';
ALTER TABLE images ADD COLUMN IF NOT EXISTS header_rank smallint;
-- Building the index holds up no one, so it may wait.
RESET lock_timeout;

CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS images_one_per_name
    ON images (base_filename, data_type);
