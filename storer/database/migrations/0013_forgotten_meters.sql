-- What `teleinfo-storer forget-meter` notes: docs/storage.md.

ALTER TABLE rollup_state
    ADD COLUMN IF NOT EXISTS last_forgotten_meter MEDIUMINT UNSIGNED NOT NULL DEFAULT 0
        COMMENT 'highest number of a meter that was forgotten: no other meter gets it',
    ADD COLUMN IF NOT EXISTS forgetting TINYINT UNSIGNED NOT NULL DEFAULT 0
        COMMENT '1: rows of forgotten meters are still to be deleted';
