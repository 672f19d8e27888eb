"""The demo network: three sites with configs, computed pictures of the sky, and matching headers."""
