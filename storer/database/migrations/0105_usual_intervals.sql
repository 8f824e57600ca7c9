-- Of a meter that another device decodes, readings come at an interval: docs/database.md.

ALTER TABLE minutes ADD COLUMN IF NOT EXISTS usual_interval SMALLINT UNSIGNED NULL
    COMMENT 's, the usual one between readings of a decoded meter, NULL: of a line';
ALTER TABLE hours ADD COLUMN IF NOT EXISTS usual_interval SMALLINT UNSIGNED NULL
    COMMENT 's, the usual one at last_at between readings of a decoded meter, NULL: of a line';
