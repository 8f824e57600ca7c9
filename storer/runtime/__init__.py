"""What long-running commands need: progress, retries, a limit on growth, memory of a bounded size."""
