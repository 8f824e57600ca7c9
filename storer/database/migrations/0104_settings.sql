-- What is set in the page, and what the page asks the storer to do: docs/storage.md.
-- The monitor writes these three tables; the storer reads `settings`, and carries out `requests`.

CREATE TABLE IF NOT EXISTS settings (
    section VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    value JSON NOT NULL,
    version INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'one more after each change',
    changed_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)
) ENGINE=InnoDB COMMENT='Settings of the household, a row a section';

-- A request is made with state `waiting` and without `not_before`; then its pieces come; `start` sets `not_before`, to now
-- or to an hour later if it deletes. So the storer takes, oldest first: state = 'waiting' AND not_before <= now.
-- Who cancels it changes `state` WHERE state = 'waiting': one of both sides gets it.
CREATE TABLE IF NOT EXISTS requests (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
        COMMENT 'import, import-forget, forget-meter, forget-source, forget-program, rebuild, backup',
    arguments JSON NOT NULL,
    state ENUM('waiting', 'running', 'done', 'failed', 'cancelled') NOT NULL DEFAULT 'waiting',
    not_before TIMESTAMP(6) NULL COMMENT 'when it may be carried out, NULL: it was not started yet',
    progress FLOAT NULL COMMENT '0 to 1, NULL: unknown',
    result JSON NULL COMMENT 'of failed: {"problem": {"fr": ..., "en": ...}}',
    storer VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'name of the storer that took it',
    attempts TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'how often it was begun: storers are killed, too',
    created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    finished_at TIMESTAMP(6) NULL,
    KEY (state, not_before)
) ENGINE=InnoDB COMMENT='What the page asks the storer to do, the last hundred';

CREATE TABLE IF NOT EXISTS request_pieces (
    request INT UNSIGNED NOT NULL,
    piece SMALLINT UNSIGNED NOT NULL COMMENT '0 and on',
    bytes MEDIUMBLOB NOT NULL,
    PRIMARY KEY (request, piece)
) ENGINE=InnoDB COMMENT='The file of a request, until it ends';
