"""What is dropped in the end: old frames and minutes, label sets that no frame has any more, what is to be forgotten.

All of it is done in small steps: by the storer that makes the rollups, in the thread of those, and what a person wants
forgotten by a command. Uses `rollups`.
Whatever asks the database may raise `DatabaseError`, as its client does.
"""
