"""The answers of the API: one file a route, from parameters to what JSON holds."""
