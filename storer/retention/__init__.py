"""Drops what is no longer kept: old months, label sets without frames, and meters and sources to be forgotten.

`job` runs once a day in the thread of the rollups, in small steps, and only in the storer that has their lease.
`months` drops months of frames and years of minutes, once it has compared the rollups with the frames, the readers'
counts with the rows, and made sure that a backup has the month as it is. Whatever cannot be verified stays, and
`health` says why.

`label_sets` deletes label sets that no frame has any more, in two steps a day apart, while storers go on writing.
`forget` deletes a meter or a source; it can be interrupted and repeated.

Uses `rollups`, `sources` and the audit of `export`. Any query may raise `DatabaseError`.
"""
