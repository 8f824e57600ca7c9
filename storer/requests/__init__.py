"""Carries out what the page asks: imports, what is to be forgotten, backups, roll-ups again.

The monitor writes a row into `requests`, and the pieces of a file into `request_pieces`; its migration tells when a row
may be taken. `worker` looks for one each second, in a thread of the storer, and runs `python -m storer.requests`: a
process of its own, with bounded memory, that a hostile file may fill or crash while frames are stored. That process
takes one row, `table`, and does what its kind asks for: `imports`, `deletions`, and the rest in `kinds`.

Done once, whatever is killed. An import is written in the transaction that notes it as done; what deletes goes on where
it was; the rest may be repeated. A row that was begun three times fails. What deletes rows waits for a backup newer
than the request where backups are made, and makes one if there is none. Each failure is a `problem` in two languages,
for somebody who has neither shell nor files.

What each kind needs, `common/contract/requests.py` declares. What `result` has: of an import, `storer.imports.facts`
tells it; if a database has several series, the problem comes with `series`, the unit of each by name, and the request
is made again with a list of `NAME=REGISTER`. What deletes has `rows`, `rebuild` hours and frames, `backup` notes and
problems.
"""
