-- What backups note of the files of months, and who was forgotten since: docs/database.md.

ALTER TABLE saved_months
    ADD COLUMN IF NOT EXISTS read_at TIMESTAMP(6) NULL COMMENT 'when its file was last read whole, NULL: it has none that is good',
    ADD COLUMN IF NOT EXISTS saved_rows BIGINT UNSIGNED NULL COMMENT 'in its file, NULL: it never had one',
    ADD COLUMN IF NOT EXISTS held TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT '1: put back by a person, retention leaves it';

CREATE TABLE IF NOT EXISTS forgotten (
    digest CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'SHA-256 of the address or name',
    forgotten_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE=InnoDB COMMENT='Meters and sources that were forgotten';
