-- The database, and the storer's account with the privileges that it needs, see docs/database.md.
-- Replace change-me by a password. In a container, or with skip-name-resolve, replace 'localhost' by '%'.
CREATE DATABASE IF NOT EXISTS teleinfodb CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS 'teleinfo'@'localhost';
ALTER USER 'teleinfo'@'localhost' IDENTIFIED BY 'change-me';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, CREATE VIEW ON teleinfodb.* TO 'teleinfo'@'localhost';
CREATE OR REPLACE DEFINER = root@localhost SQL SECURITY DEFINER VIEW teleinfodb.table_files AS SELECT SUBSTRING_INDEX(name, '/', -1) AS name, allocated_size AS bytes FROM information_schema.innodb_sys_tablespaces WHERE name LIKE 'teleinfodb/%';
