"""The whole API on one machine: a gateway that behaves as API Gateway, embedded backends, demo data."""
