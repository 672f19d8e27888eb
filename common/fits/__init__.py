"""FITS files: their headers, and the image in them, read without a library."""
