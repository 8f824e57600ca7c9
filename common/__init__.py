"""What reader and storer must agree on."""
