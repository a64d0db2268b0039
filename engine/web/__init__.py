"""The web side: the endpoints' addresses and the dashboard."""
