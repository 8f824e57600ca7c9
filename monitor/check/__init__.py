"""`teleinfo-monitor check`: diagnoses the page, database, rights, rollups, prices and broker, and suggests fixes."""
