"""Converts images into files that people can open: fpacked FITS to plain FITS, FITS to TIFF.

The web UI requests them. A converted file is stored under `downloads/` and reused until the image itself
changes.
"""
