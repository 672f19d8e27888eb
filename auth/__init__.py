"""Who calls, and who may do what.

API Gateway asks the Lambda authorizer before it lets a protected route run. Every other entry point asks
`access` first, which in stages with `WRITE_ACCESS: protected` lets only users and holders of site keys change
anything. Unlike a service this folder knows all routes, and `common.endpoints` imports it.
"""
