"""What Lambda gets: two zip files, built from locked requirements and tried before they are deployed.

`make package` builds them, `make deploy` hands them to serverless.yml, `python -m deploy.smoke` asks what is
deployed whether it works.
"""
