"""Tonight's events at a site: Sun, Moon and the observatory's schedule between them.

The web UI shows them as a list, a countdown and a picture of the night; observatories plan with them.
Sun and Moon come from ephem, their altitudes and crossings from this folder; docs/events.md has the
definitions.
"""
