"""The set-up service of `docker compose`: accounts, certificates, broker and database, backup schedule.

Runs once, with the standard library only; shares no code with the programs.
"""
