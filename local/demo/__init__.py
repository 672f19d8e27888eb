"""The demo network: six sites with configs, computed pictures of the sky, and matching headers."""
