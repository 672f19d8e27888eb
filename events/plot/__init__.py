"""The plot of a night: an SVG for `GET /events/plot`."""
