"""Images and their FITS headers, read from PostgreSQL.

The web UI shows the newest images of a site, goes through a night of them, and opens one by its name. The
ingester writes the table; nothing here does.
"""
