-- An account that only reads: for people, for Grafana, for scripts, see docs/database.md. One for each is best.
-- Put a password in the place of change-me. In a container, or with skip-name-resolve, '%' in the place of 'localhost'.
CREATE USER IF NOT EXISTS 'grafana'@'localhost';
ALTER USER 'grafana'@'localhost' IDENTIFIED BY 'change-me';
GRANT SELECT, SHOW VIEW ON teleinfodb.* TO 'grafana'@'localhost';
