"""What a program needs around its work: command line, logs, shutdown, watchdog, metrics, file locks.

Uses errors, config, deployment, version.
"""
