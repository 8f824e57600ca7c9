"""What reader, storer and monitor share."""
