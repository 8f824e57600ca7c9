-- A home that only had imports stood under its delivery point; when its meter came, they moved to it: docs/storage.md.

ALTER TABLE imports ADD COLUMN IF NOT EXISTS prm CHAR(14) CHARACTER SET ascii COLLATE ascii_bin NULL
    COMMENT 'delivery point under which it stood before its meter came, NULL: none';
