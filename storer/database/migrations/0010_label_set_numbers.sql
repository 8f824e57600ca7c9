-- Allows more than 4.29 billion label sets: 10,000 meters make as many in some eight years, on a cluster of three nodes,
-- whose AUTO_INCREMENT counts in steps of three, in fewer than three.
-- Only where no frame is stored: in tables with rows it would copy them all, and a house never needs it; docs/storage.md.

SET @widen_frames = IF(
    EXISTS (SELECT 1 FROM frames LIMIT 1),
    'DO 0',
    'ALTER TABLE frames MODIFY label_set_id BIGINT UNSIGNED NOT NULL'
);

PREPARE widen_frames FROM @widen_frames;

EXECUTE widen_frames;

DEALLOCATE PREPARE widen_frames;

SET @widen_label_sets = IF(
    EXISTS (SELECT 1 FROM frames LIMIT 1),
    'DO 0',
    'ALTER TABLE label_sets MODIFY id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT'
);

PREPARE widen_label_sets FROM @widen_label_sets;

EXECUTE widen_label_sets;

DEALLOCATE PREPARE widen_label_sets;
