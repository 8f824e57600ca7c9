-- Allows more than 65,535 meters (21,845 on Galera with three nodes, where AUTO_INCREMENT counts in steps of three).
-- The storer assigns ids itself: the highest plus one.

ALTER TABLE meters MODIFY id MEDIUMINT UNSIGNED NOT NULL;

ALTER TABLE tallies MODIFY meter_id MEDIUMINT UNSIGNED NOT NULL;

-- Widening a column of the primary key copies the whole table and blocks writes, so it is done only if the table is empty.
-- A table with rows keeps its SMALLINT, and meters from the 65,536th on are rejected; see docs/storage.md.
SET @widen = IF(
    EXISTS (SELECT 1 FROM frames LIMIT 1),
    'DO 0',
    'ALTER TABLE frames MODIFY meter_id MEDIUMINT UNSIGNED NOT NULL'
);

PREPARE widen FROM @widen;

EXECUTE widen;

DEALLOCATE PREPARE widen;
