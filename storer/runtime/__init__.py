"""What the storer needs around its work: retries, memory of a bounded size."""
