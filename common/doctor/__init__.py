"""Shared by `teleinfo-reader check` and `teleinfo-storer check`: findings, the broker, the configuration file.

May use everything else in `common`.
"""
