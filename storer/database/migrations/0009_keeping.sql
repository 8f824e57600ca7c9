-- What retention and the cleaning of label sets note: docs/storage.md.
-- Only columns at the end: the server adds them without copying a table.

ALTER TABLE rollup_state
    ADD COLUMN IF NOT EXISTS frames_from TIMESTAMP NULL
        COMMENT 'frames before it were dropped, or are about to be: their rollups are final',
    ADD COLUMN IF NOT EXISTS label_sets_from TIMESTAMP NULL
        COMMENT 'start of the oldest month of frames when label sets were last searched for unused ones',
    ADD COLUMN IF NOT EXISTS label_sets_marked_at TIMESTAMP NULL
        COMMENT 'when unused label sets were marked that are not deleted yet, NULL: none';

ALTER TABLE label_sets
    ADD COLUMN IF NOT EXISTS unused_since TIMESTAMP NULL
        COMMENT 'no frame had it then, it is deleted after a day if none has it by then',
    ALGORITHM=INSTANT;
