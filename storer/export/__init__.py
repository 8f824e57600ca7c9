"""Exports: frames as they were published, rollups as JSON, and the audit.

`frames` writes each frame byte for byte as it was published. Rows with the same label set differ in a few numbers, so
one is decoded and serves as the template of the others. `rollups` writes an object a line. `audit` compares, hour by
hour, how many frames the readers counted with how many are stored; retention asks it too before it drops a month.

Everything is streamed: an export of ten years takes no more memory than one of a day. Any query may raise
`DatabaseError`.
"""
