"""Serves the page and the API. What is ASGI is in `app`, what opens the port (uvicorn) in `serve`."""
