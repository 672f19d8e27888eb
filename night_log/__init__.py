"""One note for each site about its night, shown by the web UI, written by observers; it expires by itself."""
