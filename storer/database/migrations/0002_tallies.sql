-- How many frames each reader counted, hour by hour; the audit compares them with the rows of frames.

CREATE TABLE IF NOT EXISTS tallies (
    -- An explicit default: without one, older servers set the column at each update.
    hour TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'start of the hour',
    meter_id SMALLINT UNSIGNED NOT NULL,
    reader VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'name of the reader that counted',
    frames INT UNSIGNED NOT NULL COMMENT 'frames of this reader with a timestamp in this hour',
    PRIMARY KEY (hour, meter_id, reader)
) ENGINE=InnoDB COMMENT='How many frames there should be';
