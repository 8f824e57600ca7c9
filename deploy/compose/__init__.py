"""The set-up service of `docker compose`: accounts, certificates, broker and database."""
