-- A read-only account for people, Grafana or scripts, see docs/database.md. Preferably one account for each.
-- By table: all but request_pieces, the files that wait for their import. CREATE: a right on a table that is not there
-- yet is otherwise refused; once it is there, it lets nobody do anything.
-- Replace change-me by a password. In a container, or with skip-name-resolve, replace 'localhost' by '%'.
CREATE USER IF NOT EXISTS 'grafana'@'localhost';
ALTER USER 'grafana'@'localhost' IDENTIFIED BY 'change-me';
GRANT SELECT, SHOW VIEW ON teleinfodb.* TO 'grafana'@'localhost';
REVOKE SELECT ON teleinfodb.* FROM 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.backups TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.breaks TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.energy_hours TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.forgotten TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.frames TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.hours TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.imported_hours TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.imports TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.label_sets TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.late_hours TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.meters TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.minutes TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.outside TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.rejected_messages TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.requests TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.rollup_state TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.saved_months TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.schema_version TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.settings TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.source_hours TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.source_minutes TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.sources TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.table_files TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.tallies TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.teleinfoframes TO 'grafana'@'localhost';
GRANT SELECT, CREATE ON teleinfodb.whole_label_sets TO 'grafana'@'localhost';
