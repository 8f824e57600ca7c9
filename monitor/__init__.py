"""The monitor: shows people what their house used, when, and what it cost."""
