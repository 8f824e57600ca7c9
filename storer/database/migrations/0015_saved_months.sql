-- Which months are in a backup as they are, so that retention drops nothing that is not: docs/database.md.
-- Not in a backup themselves: only the database that they were saved from has to wait.

CREATE TABLE IF NOT EXISTS saved_months (
    month TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' PRIMARY KEY COMMENT 'its start',
    digest CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of its small tables when its file was whole, empty: it has none',
    saved_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'of the last backup that had it like this'
) ENGINE=InnoDB COMMENT='Months as backups into a folder have them';

-- frames_from goes back when old frames are adopted; what was dropped is dropped all the same.
ALTER TABLE rollup_state
    ADD COLUMN IF NOT EXISTS dropped_to TIMESTAMP NULL COMMENT 'retention has dropped frames before it';

UPDATE rollup_state SET dropped_to = frames_from WHERE dropped_to IS NULL;
