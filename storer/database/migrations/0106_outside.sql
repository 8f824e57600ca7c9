-- What a service or a file said of a time, and no meter: docs/storage.md. It takes the place of imported_temperatures.

CREATE TABLE IF NOT EXISTS outside (
    what VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'tempo, tempo_blue, tempo_white, tempo_red, spot, temperature',
    start TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'when it begins to hold, of a temperature 00:00 UTC of its day',
    value DOUBLE NOT NULL COMMENT 'tempo: 1 blue, 2 white, 3 red, tempo_...: chance, 0 to 1, spot: EUR per MWh, temperature: degrees Celsius, mean of the day',
    source VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the host that said it, or import and its number',
    PRIMARY KEY (what, source, start)
) ENGINE=InnoDB COMMENT='What a service or a file said of a time';

-- Made again where it is gone already: a storer that was killed between these statements repeats them.
CREATE TABLE IF NOT EXISTS imported_temperatures (
    meter_id MEDIUMINT UNSIGNED NOT NULL,
    hour TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00',
    temperature SMALLINT NOT NULL,
    import_id INT UNSIGNED NOT NULL,
    PRIMARY KEY (meter_id, hour)
) ENGINE=InnoDB;

INSERT IGNORE INTO outside (what, start, value, source)
    SELECT 'temperature', hour, temperature / 10, CONCAT('import ', import_id) FROM imported_temperatures;

DROP TABLE imported_temperatures;
