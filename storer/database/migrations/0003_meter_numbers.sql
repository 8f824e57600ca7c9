-- More meters than 65,535, or than 21,845 on Galera, whose AUTO_INCREMENT takes steps of three.
-- Numbers are given by the storer: the highest and one more.

ALTER TABLE meters MODIFY id MEDIUMINT UNSIGNED NOT NULL;

ALTER TABLE tallies MODIFY meter_id MEDIUMINT UNSIGNED NOT NULL;

-- To widen a part of the primary key the server copies the whole table, and lets nobody write meanwhile: only where that
-- costs nothing. A table with rows keeps its SMALLINT, and meters from the 65,536th on are rejected; see docs/storage.md.
SET @widen = IF(
    EXISTS (SELECT 1 FROM frames LIMIT 1),
    'DO 0',
    'ALTER TABLE frames MODIFY meter_id MEDIUMINT UNSIGNED NOT NULL'
);

PREPARE widen FROM @widen;

EXECUTE widen;

DEALLOCATE PREPARE widen;
