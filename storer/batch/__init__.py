"""A batch of messages: decodes them, those of frames by what differs from the one before, and says what is rejected.

No I/O. Uses the contract in `common`.
"""
