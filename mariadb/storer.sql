-- The database, and the storer's account: what it needs and no more, see docs/database.md.
-- Put a password in the place of change-me. In a container, or with skip-name-resolve, '%' in the place of 'localhost'.
CREATE DATABASE IF NOT EXISTS teleinfodb CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS 'teleinfo'@'localhost';
ALTER USER 'teleinfo'@'localhost' IDENTIFIED BY 'change-me';
GRANT SELECT, INSERT, UPDATE, CREATE, ALTER, DROP, CREATE VIEW ON teleinfodb.* TO 'teleinfo'@'localhost';
