"""Uploads by site computers, what was uploaded lately, and downloads by the web UI."""
