"""What is deployed beside serverless.yml: tables, gateway, alarms, roles, and the zip files that Lambda gets.

`make package` builds them, `make deploy` hands them to serverless.yml, `python -m deploy.smoke` asks what is
deployed whether it works.
"""
