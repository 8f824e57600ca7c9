"""Words, numbers, money and times as people read them, and files of answers."""
