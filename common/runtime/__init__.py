"""What a program needs around its work: command line, progress, logs, shutdown, watchdog, metrics, file locks.

Uses errors, settings, machine.
"""
