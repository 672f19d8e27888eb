"""The table of queues and statuses: all requests to DynamoDB, no decisions.

A queue is the partition `QUEUE#{name}`:

=====================================  =============================================================
`METADATA`                             the queue; the queue exists while this row exists
`ITEM#{id}`                            an item, leased or not
`DEAD#{id}`                            a dead letter
`RECEIPT#{lease}`                      how a lease ended: acknowledged or given back
`ATTEMPT#{generation}#{attempt}`       the item that a poll with an attempt id got
`DEDUP#{generation}#{dedup id}`        the item that an enqueue with a dedup id made
=====================================  =============================================================

`QUEUES` lists the queues, one row per name. `STATUSES` has a copy of each status `STATUS#{pipe}`. `ADOPTED`
has the time of the last import from the earlier service. Rows made here have the `generation` of their queue
and count only while the queue has the same one. Times are Unix ms, except `expire_timestamp_s` in Unix
seconds: after it a row no longer counts, and DynamoDB may delete it.
"""
