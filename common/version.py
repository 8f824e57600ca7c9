"""The version of both programs."""

__version__ = "0.1.0"
