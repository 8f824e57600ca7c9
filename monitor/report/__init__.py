"""Reports in the terminal and in files: tables, CSV, JSON; in French or English."""
