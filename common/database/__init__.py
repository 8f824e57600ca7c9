"""The client of MariaDB. Whatever asks a database may raise `DatabaseError`; docstrings do not repeat it.

`mariadb` opens connections, on the next host if one is away, runs transactions, and reads in UTC. `error_numbers`
decides by the server's error number what an error means: wait, retry, fix the row, or ask a person. Unknown numbers
are retried. `schema` reads the version of the tables, and what the account may do.
"""
