"""What reader and storer agree on: frames, blocks, topics, labels, tariffs. Pure."""
