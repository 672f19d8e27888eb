"""Queues of jobs for the processing pipelines (PIPE computers), and what each of those is doing.

Site computers and pipelines enqueue jobs; PIPE computers poll for them every 30 s and tell their status. An
item that was accepted comes out once, in order, whatever dies on the way: docs/queues.md has the promises and
the reasoning behind them.
"""
