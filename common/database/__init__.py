"""The client of MariaDB, and what its error numbers mean."""
