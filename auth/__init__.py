"""Identifies callers and checks what they may do.

API Gateway asks the Lambda authorizer before it lets a protected route run. Every entry point is made by
`endpoints.endpoint`, so it calls `access.check` first. In stages with `WRITE_ACCESS: protected`,
`access.check` allows changes only to users and holders of site keys. Unlike a service, this package knows all
routes, and the services import it.
"""
