"""The web side: the endpoints' addresses and the status page."""
