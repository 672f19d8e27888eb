"""Files uploads: records each new object of the bucket in image rows, info images and the log of uploads.

To file an object means to record it, and to make its thumbnail.

S3 sends a message for each new object to a queue. The Lambda function `fileUploads` takes the messages from
there and files their objects. docs/ingest.md has the rules.
"""
