-- The monitor's account: it can only read, see docs/energy.md.
-- Replace change-me by a password. In a container, or with skip-name-resolve, replace 'localhost' by '%'.
CREATE USER IF NOT EXISTS 'teleinfo-monitor'@'localhost';
ALTER USER 'teleinfo-monitor'@'localhost' IDENTIFIED BY 'change-me';
GRANT SELECT, SHOW VIEW ON teleinfodb.* TO 'teleinfo-monitor'@'localhost';
