"""What the storer needs around its work: retries, a limit on growth, memory of a bounded size."""
