"""Deployment files beside serverless.yml, and the code that builds and tests the zip files for Lambda.

`make package` builds and tests the zip files. `make deploy` deploys them with serverless.yml.
`python -m deploy.smoke` tests a deployed API.
"""
