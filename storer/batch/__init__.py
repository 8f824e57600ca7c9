"""A batch of messages: decodes them, and says what is rejected. No I/O. Uses the contract in `common`."""
