"""What a program needs around its work: command line, progress, logs, shutdown, watchdog, file locks.

Uses errors, settings, machine.
"""
