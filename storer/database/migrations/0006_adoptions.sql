-- Which rows of the original program's table have become frames, and how far that has come: docs/adoption.md.

CREATE TABLE IF NOT EXISTS adoptions (
    source VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'the table',
    shift SMALLINT NOT NULL COMMENT 'hours added to its times',
    zone VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'its times are local times of this zone, NULL: UTC',
    taken_to TIMESTAMP(6) NULL COMMENT 'its latest row that was taken, as its own time says',
    first_at TIMESTAMP(6) NULL COMMENT 'timestamp of the first frame made of it',
    last_at TIMESTAMP(6) NULL COMMENT 'timestamp of the last frame made of it',
    frames BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'rows that became frames',
    left_out BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'rows without an address, or with the time of another one',
    finished_at TIMESTAMP NULL COMMENT 'when all rows were taken'
) ENGINE=InnoDB COMMENT='Tables of other programs that became frames';
