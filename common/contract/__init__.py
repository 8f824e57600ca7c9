"""What the programs agree on: frames, blocks, topics, labels, tariffs. Pure."""
