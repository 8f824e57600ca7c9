"""What a running program needs around its work: shutdown, watchdog, metrics, logs, command line.

Uses errors, config.
"""
