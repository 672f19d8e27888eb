"""What the services share: small modules, each with one job, that know nothing of any one service."""
