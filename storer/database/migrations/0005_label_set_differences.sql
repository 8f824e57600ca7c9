-- A label set can be stored as its difference from another one, which is stored whole. Existing rows stay as they are.
-- INSTANT: the time does not depend on the number of rows. BIGINT: label_sets.id may become one. No index: it would have
-- to be built over all rows, and only the removal of unused label sets looks for base sets, in one pass over the table.

ALTER TABLE label_sets
    ADD COLUMN IF NOT EXISTS base_id BIGINT UNSIGNED NULL
    COMMENT 'the label set from which content is the difference, NULL: content is whole',
    MODIFY COLUMN digest BINARY(16) NOT NULL COMMENT 'first 10 bytes of the SHA-256 of the whole content, before version 5: 16',
    ALGORITHM=INSTANT;

ALTER TABLE frames
    MODIFY COLUMN index_supplier INT UNSIGNED NULL
    COMMENT 'Wh: the running one of HCHC ... BBRHPJR, EASF01 ... EASF10 or its difference from the other indexes, see docs/storage.md',
    MODIFY COLUMN index_distributor INT UNSIGNED NULL
    COMMENT 'Wh: the running one of EASD01 ... EASD04, or its difference from the other indexes, see docs/storage.md',
    ALGORITHM=INSTANT;

-- For queries: each label set with its whole content.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW whole_label_sets AS
SELECT
    s.id AS id,
    s.subscription_type AS subscription_type,
    s.subscribed_current AS subscribed_current,
    s.pricing_period AS pricing_period,
    s.current_max AS current_max,
    s.schedule AS schedule,
    s.state_code AS state_code,
    s.registers_at_rest AS registers_at_rest,
    s.index_total AS index_total,
    IF(s.base_id IS NULL, s.content, JSON_MERGE_PATCH(b.content, s.content)) AS content
FROM label_sets AS s
LEFT JOIN label_sets AS b ON b.id = s.base_id;
