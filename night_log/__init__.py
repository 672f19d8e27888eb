"""One note for each site about its night, written by observers and shown by the web UI. It expires."""
