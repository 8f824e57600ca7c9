-- When backups were finished: docs/database.md. They are not in a backup themselves.
-- Slots, because the storer's account may not delete rows: the oldest is written over.

CREATE TABLE IF NOT EXISTS backups (
    slot TINYINT UNSIGNED NOT NULL PRIMARY KEY COMMENT '0 to 9',
    finished_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when its files had been read back and verified',
    saved_rows BIGINT UNSIGNED NOT NULL COMMENT 'of all tables, in the files that were written'
) ENGINE=InnoDB COMMENT='The last ten backups';
