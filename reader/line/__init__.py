"""Reads a port: opens and reopens it, detects the mode, gives frames their timestamps and filters them.

Uses `tic` to decode the bytes and `simulator` for simulated meters; the only package that uses pyserial.
"""
