"""Serves the page and the API. What is web (Starlette) is in `app`, what opens the port (uvicorn) in `serve`."""
