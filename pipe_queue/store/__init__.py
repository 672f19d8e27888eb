"""The table of queues and statuses: all requests to DynamoDB, no decisions.

A queue is the partition `QUEUE#{name}`:

=====================================  =============================================================
`METADATA`                             the queue; while it is there, the queue exists
`ITEM#{id}`                            an item, leased or not
`DEAD#{id}`                            a dead letter
`RECEIPT#{lease}`                      how a lease ended: acknowledged or given back
`ATTEMPT#{generation}#{attempt}`       what a poll with an attempt id was handed
`DEDUP#{generation}#{dedup id}`        which item an enqueue with a dedup id made
=====================================  =============================================================

`QUEUES` lists the queues, a row for each name, and `STATUSES` has a copy of each status `STATUS#{pipe}`;
`ADOPTED` says that what the earlier service wrote is in both lists. Rows made here carry the `generation` of
their queue and count only while that is the queue's own. Times are Unix ms, but for `expire_timestamp_s`,
Unix seconds, after which a row no longer counts and DynamoDB may sweep it.
"""
