"""Images and their FITS headers, read from PostgreSQL.

The web UI shows the newest images of a site, browses a night of them, and opens one by its name. This package
only reads the table.
"""
