-- How many frames each reader says that it made, hour by hour: what the rows of frames are compared with.

CREATE TABLE IF NOT EXISTS tallies (
    -- An explicit default: without one, older servers would set the column again at each update.
    hour TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'its beginning',
    meter_id SMALLINT UNSIGNED NOT NULL,
    reader VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its name: each counts its own frames',
    frames INT UNSIGNED NOT NULL COMMENT 'made by this reader, with a timestamp of this hour',
    PRIMARY KEY (hour, meter_id, reader)
) ENGINE=InnoDB COMMENT='How many frames there should be';
