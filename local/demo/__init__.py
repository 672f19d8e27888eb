"""The demo network: site configs and pictures of the sky for running the API on one laptop.

Three observatories, each in its enclosure, observe real objects on recent nights. Their configs have the
keys that real sites send, and their pictures are computed, with headers that agree with the sky of that
night; so a user interface finds what it would find in the network, without any telescope.
"""
