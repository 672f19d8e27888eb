"""Tonight's events at a site: Sun, Moon and the observatory's schedule between them.

The web UI shows them as a list, a countdown and a picture of the night; observatories plan with them.
ephem computes where Sun and Moon are. This package computes their altitudes and when these cross a level.
docs/events.md has the definitions.
"""
