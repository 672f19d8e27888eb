"""What an operator asks at night, in one answer that is cheap enough to poll: `GET /now`.

For each observatory the sky, the newest image, the last upload and the note; queues and PIPE machines; and
what needs attention, the worst first. docs/now.md explains the answer.
"""
