"""What is dropped in the end: old frames and minutes, label sets that no frame has any more.

All of it is done in small steps by the storer that makes the rollups, in the thread of those. Uses `rollups`.
Whatever asks the database may raise `DatabaseError`, as its client does.
"""
