"""Queues of jobs for the processing pipelines (PIPE computers), and the status of each PIPE computer.

Site computers and pipelines enqueue jobs. PIPE computers poll for them every 30 s and send their status. An
accepted item is handed out once and in order, also if a Lambda or a caller dies. docs/queues.md has the
guarantees and how they are kept.

"The earlier service" is the one that this project replaces. Both may use the table at the same time.
"""
