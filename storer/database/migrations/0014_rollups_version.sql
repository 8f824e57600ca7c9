-- What others may remember of the rollups is right as long as this number stays: docs/database.md.

ALTER TABLE rollup_state
    ADD COLUMN IF NOT EXISTS version BIGINT UNSIGNED NOT NULL DEFAULT 0
        COMMENT 'another one after each change of hours of the past';
