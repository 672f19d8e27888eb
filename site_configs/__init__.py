"""The configuration of each site, as its computer last sent it.

Observatory computers and WEMAs (enclosure computers) write it; the web UI reads dozens of its keys, and
`events` the site's place on Earth.
"""
