"""Shared browsers and control rooms at RemoteHQ, for the web UI.

A control room is a room at RemoteHQ whose browser shows a site's controls, so that its observers see one
screen. Users open and restart them from the web UI; a schedule replaces each in its site's afternoon.
"""
