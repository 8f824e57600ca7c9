-- Which file made each version, so that a file that was edited afterwards is noticed.

ALTER TABLE schema_version
    ADD COLUMN IF NOT EXISTS digest CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'SHA-256 of the file';
