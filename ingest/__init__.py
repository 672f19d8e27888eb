"""Files what is uploaded to the bucket: image rows, info images, thumbnails and the log of uploads.

S3 will send a message for every new object to a queue, and a Lambda will file the objects of the messages. No
stage deploys it yet: serverless.yml has no function for it, and the local stack files uploads with
local/ingester.py.
"""
