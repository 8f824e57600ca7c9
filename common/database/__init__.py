"""The client of MariaDB, what its error numbers mean, and what an account may do.

Whatever asks a database may raise `DatabaseError`: it is unavailable, or refuses the statement. So docstrings do not
say it again.
"""
