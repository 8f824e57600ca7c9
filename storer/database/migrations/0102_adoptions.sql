-- Rows of the original program's table are no longer made frames; those that were stay.

DROP TABLE IF EXISTS adoptions;
