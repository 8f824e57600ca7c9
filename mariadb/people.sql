-- A read-only account for people, Grafana or scripts, see docs/database.md. Preferably one account for each.
-- Replace change-me by a password. In a container, or with skip-name-resolve, replace 'localhost' by '%'.
CREATE USER IF NOT EXISTS 'grafana'@'localhost';
ALTER USER 'grafana'@'localhost' IDENTIFIED BY 'change-me';
GRANT SELECT, SHOW VIEW ON teleinfodb.* TO 'grafana'@'localhost';
