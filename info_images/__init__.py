"""The picture each site shows on its info channels 1 to 3: an all-sky view, a focus curve, a plot.

The web UI shows it. `api` stores which file a channel awaits, and the ingester files it when it arrives.
"""
