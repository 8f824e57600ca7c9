"""`teleinfo-monitor check`: diagnoses database, rights, rollups, prices and time zone, and suggests fixes."""
