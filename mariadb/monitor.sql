-- The monitor's account: it reads all and writes the settings and requests of the page, see docs/database.md.
-- Replace change-me by a password. In a container, or with skip-name-resolve, replace 'localhost' by '%'.
CREATE USER IF NOT EXISTS 'teleinfo-monitor'@'localhost';
ALTER USER 'teleinfo-monitor'@'localhost' IDENTIFIED BY 'change-me';
GRANT SELECT, SHOW VIEW ON teleinfodb.* TO 'teleinfo-monitor'@'localhost';
GRANT CREATE, INSERT, UPDATE, DELETE ON teleinfodb.settings TO 'teleinfo-monitor'@'localhost';
GRANT CREATE, INSERT, UPDATE, DELETE ON teleinfodb.requests TO 'teleinfo-monitor'@'localhost';
GRANT CREATE, INSERT, UPDATE, DELETE ON teleinfodb.request_pieces TO 'teleinfo-monitor'@'localhost';
