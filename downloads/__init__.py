"""Images made into what people open: plain FITS out of fpacked, TIFF out of FITS, kept in S3 and linked to.

The web UI asks for them. What is made once is kept under `downloads/` and handed out again until the image
itself changes.
"""
