"""Uploads by site computers, recent uploads, and zips for the web UI."""
