"""Files what is uploaded to the bucket: image rows, info images, thumbnails and the log of uploads.

S3 sends a message for each new object to a queue. The Lambda function `fileUploads` takes the messages from
there and files their objects. docs/ingest.md has the rules.
"""
