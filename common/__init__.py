"""Small modules that the services share, each with one job."""
