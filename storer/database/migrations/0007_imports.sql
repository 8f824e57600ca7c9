-- Energy from elsewhere: which file brought it, and how long the time is that it was drawn in: docs/import.md.

CREATE TABLE IF NOT EXISTS imports (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    meter_id MEDIUMINT UNSIGNED NOT NULL,
    kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    file VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'name of the file or database',
    digest BINARY(32) NOT NULL COMMENT 'SHA-256 of what was read',
    taken_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    UNIQUE KEY (meter_id, kind, digest)
) ENGINE=InnoDB COMMENT='Files that imported_hours came from';

-- A day or a month is kept at its last hour: nobody knows at which hours of it the energy was drawn.
ALTER TABLE imported_hours
    ADD COLUMN IF NOT EXISTS hours SMALLINT UNSIGNED NOT NULL DEFAULT 1
        COMMENT 'how many hours the energy was drawn in, of which this one is the last',
    ADD COLUMN IF NOT EXISTS import_id INT UNSIGNED NOT NULL DEFAULT 0 COMMENT '0: not imported by this program';
