"""`teleinfo-storer check`: diagnoses broker, database, rights and disk."""
