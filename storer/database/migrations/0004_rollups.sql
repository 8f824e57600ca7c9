-- Rollups of frames by minute and by hour, in UTC, one row a meter and bucket: docs/database.md.
-- A row holds readings of its own bucket, never differences; energy is the difference between two rows.

CREATE TABLE IF NOT EXISTS minutes (
    meter_id MEDIUMINT UNSIGNED NOT NULL,
    -- An explicit default: without one, older servers set the column at each update.
    minute TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'its start',
    frames SMALLINT UNSIGNED NOT NULL COMMENT 'at most 65535',
    seconds TINYINT UNSIGNED NOT NULL COMMENT 'covered: pieces of 5 s that have a frame, times 5',
    supplier TINYINT UNSIGNED NULL COMMENT 'number of the supplier register that ran at its end',
    total_first INT UNSIGNED NULL COMMENT 'Wh', total_last INT UNSIGNED NULL,
    injected_first INT UNSIGNED NULL COMMENT 'Wh', injected_last INT UNSIGNED NULL,
    power_min MEDIUMINT UNSIGNED NULL COMMENT 'VA', power_mean MEDIUMINT UNSIGNED NULL, power_max MEDIUMINT UNSIGNED NULL,
    power_max_second TINYINT UNSIGNED NULL COMMENT 'second of the minute that first reached power_max',
    power_1_max MEDIUMINT UNSIGNED NULL COMMENT 'VA', power_2_max MEDIUMINT UNSIGNED NULL, power_3_max MEDIUMINT UNSIGNED NULL,
    injected_power_mean MEDIUMINT UNSIGNED NULL COMMENT 'VA', injected_power_max MEDIUMINT UNSIGNED NULL,
    current_1_max SMALLINT UNSIGNED NULL COMMENT 'A', current_2_max SMALLINT UNSIGNED NULL, current_3_max SMALLINT UNSIGNED NULL,
    voltage_1_min SMALLINT UNSIGNED NULL, voltage_1_mean SMALLINT UNSIGNED NULL, voltage_1_max SMALLINT UNSIGNED NULL,
    voltage_2_min SMALLINT UNSIGNED NULL, voltage_2_mean SMALLINT UNSIGNED NULL, voltage_2_max SMALLINT UNSIGNED NULL,
    voltage_3_min SMALLINT UNSIGNED NULL, voltage_3_mean SMALLINT UNSIGNED NULL, voltage_3_max SMALLINT UNSIGNED NULL,
    overload SMALLINT UNSIGNED NULL COMMENT 'frames with an overload, NULL: none',
    PRIMARY KEY (meter_id, minute)
) ENGINE=InnoDB COMMENT='Frames by minute' /*M!100600 PAGE_COMPRESSED=1 */
-- A year each, so that old minutes can be dropped; made here, since a partition is only a file.
PARTITION BY RANGE (UNIX_TIMESTAMP(minute)) (
    PARTITION p_earlier VALUES LESS THAN (1704067200),
    PARTITION p2024 VALUES LESS THAN (1735689600),
    PARTITION p2025 VALUES LESS THAN (1767225600),
    PARTITION p2026 VALUES LESS THAN (1798761600),
    PARTITION p2027 VALUES LESS THAN (1830297600),
    PARTITION p2028 VALUES LESS THAN (1861920000),
    PARTITION p2029 VALUES LESS THAN (1893456000),
    PARTITION p2030 VALUES LESS THAN (1924992000),
    PARTITION p2031 VALUES LESS THAN (1956528000),
    PARTITION p2032 VALUES LESS THAN (1988150400),
    PARTITION p2033 VALUES LESS THAN (2019686400),
    PARTITION p2034 VALUES LESS THAN (2051222400),
    PARTITION p2035 VALUES LESS THAN (2082758400),
    PARTITION p2036 VALUES LESS THAN (2114380800),
    PARTITION p_later VALUES LESS THAN MAXVALUE
);

CREATE TABLE IF NOT EXISTS hours (
    meter_id MEDIUMINT UNSIGNED NOT NULL,
    hour TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'its start',
    frames INT UNSIGNED NOT NULL,
    seconds SMALLINT UNSIGNED NOT NULL COMMENT 'covered: pieces of 5 s that have a frame, times 5',
    minutes BIGINT UNSIGNED NOT NULL COMMENT 'bit n: minute n has a frame',
    label_set_id BIGINT UNSIGNED NULL COMMENT 'of the frame of last_at',
    standard TINYINT UNSIGNED NULL COMMENT 'bit 0: the frame of first_at is of standard mode, bit 1: that of last_at',
    supplier TINYINT UNSIGNED NULL COMMENT 'number of the supplier register that ran at last_at',
    first_at TIMESTAMP NULL COMMENT 'when the first readings were taken, NULL: no frame has an index',
    last_at TIMESTAMP NULL COMMENT 'when the last readings were taken',
    drawn_wh BIGINT UNSIGNED NULL COMMENT 'energy drawn since the readings before, without breaks',
    injected_wh BIGINT UNSIGNED NULL COMMENT 'energy injected since the readings before, without breaks',
    -- Readings, in Wh (reactive_*: VArh).
    total_first INT UNSIGNED NULL, total_last INT UNSIGNED NULL,
    supplier_1_first INT UNSIGNED NULL, supplier_1_last INT UNSIGNED NULL,
    supplier_2_first INT UNSIGNED NULL, supplier_2_last INT UNSIGNED NULL,
    supplier_3_first INT UNSIGNED NULL, supplier_3_last INT UNSIGNED NULL,
    supplier_4_first INT UNSIGNED NULL, supplier_4_last INT UNSIGNED NULL,
    supplier_5_first INT UNSIGNED NULL, supplier_5_last INT UNSIGNED NULL,
    supplier_6_first INT UNSIGNED NULL, supplier_6_last INT UNSIGNED NULL,
    supplier_7_first INT UNSIGNED NULL, supplier_7_last INT UNSIGNED NULL,
    supplier_8_first INT UNSIGNED NULL, supplier_8_last INT UNSIGNED NULL,
    supplier_9_first INT UNSIGNED NULL, supplier_9_last INT UNSIGNED NULL,
    supplier_10_first INT UNSIGNED NULL, supplier_10_last INT UNSIGNED NULL,
    distributor_1_first INT UNSIGNED NULL, distributor_1_last INT UNSIGNED NULL,
    distributor_2_first INT UNSIGNED NULL, distributor_2_last INT UNSIGNED NULL,
    distributor_3_first INT UNSIGNED NULL, distributor_3_last INT UNSIGNED NULL,
    distributor_4_first INT UNSIGNED NULL, distributor_4_last INT UNSIGNED NULL,
    injected_first INT UNSIGNED NULL, injected_last INT UNSIGNED NULL,
    reactive_1_first INT UNSIGNED NULL, reactive_1_last INT UNSIGNED NULL,
    reactive_2_first INT UNSIGNED NULL, reactive_2_last INT UNSIGNED NULL,
    reactive_3_first INT UNSIGNED NULL, reactive_3_last INT UNSIGNED NULL,
    reactive_4_first INT UNSIGNED NULL, reactive_4_last INT UNSIGNED NULL,
    power_min MEDIUMINT UNSIGNED NULL COMMENT 'VA', power_mean MEDIUMINT UNSIGNED NULL, power_max MEDIUMINT UNSIGNED NULL,
    power_max_second SMALLINT UNSIGNED NULL COMMENT 'second of the hour that first reached power_max',
    power_1_max MEDIUMINT UNSIGNED NULL COMMENT 'VA', power_2_max MEDIUMINT UNSIGNED NULL, power_3_max MEDIUMINT UNSIGNED NULL,
    injected_power_mean MEDIUMINT UNSIGNED NULL COMMENT 'VA', injected_power_max MEDIUMINT UNSIGNED NULL,
    current_1_max SMALLINT UNSIGNED NULL COMMENT 'A', current_2_max SMALLINT UNSIGNED NULL, current_3_max SMALLINT UNSIGNED NULL,
    voltage_1_min SMALLINT UNSIGNED NULL, voltage_1_mean SMALLINT UNSIGNED NULL, voltage_1_max SMALLINT UNSIGNED NULL,
    voltage_2_min SMALLINT UNSIGNED NULL, voltage_2_mean SMALLINT UNSIGNED NULL, voltage_2_max SMALLINT UNSIGNED NULL,
    voltage_3_min SMALLINT UNSIGNED NULL, voltage_3_mean SMALLINT UNSIGNED NULL, voltage_3_max SMALLINT UNSIGNED NULL,
    overload INT UNSIGNED NULL COMMENT 'frames with an overload, NULL: none',
    PRIMARY KEY (meter_id, hour),
    KEY (meter_id, seconds, hour) COMMENT 'hours with a gap'
) ENGINE=InnoDB COMMENT='Frames by hour' /*M!100600 PAGE_COMPRESSED=1 */;

CREATE TABLE IF NOT EXISTS breaks (
    meter_id MEDIUMINT UNSIGNED NOT NULL,
    hour TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'the hour whose readings show it',
    register TINYINT UNSIGNED NOT NULL COMMENT '0 total, 1-10 supplier, 11-14 distributor, 15 injected, 16-19 reactive',
    step BIGINT NOT NULL COMMENT 'Wh or VArh by which the register changed without energy, 0: none after all',
    PRIMARY KEY (meter_id, hour, register)
) ENGINE=InnoDB COMMENT='Steps of registers that are no energy';

-- Hours to roll up again because frames came late. Each storer has its own rows: two of them never wait for each other.
CREATE TABLE IF NOT EXISTS late_hours (
    meter_id MEDIUMINT UNSIGNED NOT NULL,
    hour TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00',
    storer VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    touched INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'transactions with late frames of this hour',
    waiting TINYINT UNSIGNED NOT NULL DEFAULT 1 COMMENT '0: rolled up since',
    PRIMARY KEY (meter_id, hour, storer),
    KEY (waiting, hour)
) ENGINE=InnoDB COMMENT='Late frames to roll up';

CREATE TABLE IF NOT EXISTS rollup_state (
    id TINYINT UNSIGNED NOT NULL PRIMARY KEY COMMENT '1',
    up_to TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00'
        COMMENT 'minutes before it are final, but for late_hours and what is to be rebuilt',
    rebuild_from TIMESTAMP NULL COMMENT 'hours to rebuild in the background, NULL: none',
    rebuild_to TIMESTAMP NULL COMMENT 'the end, exclusive',
    holder VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'who rolls up now',
    held_until TIMESTAMP NULL
) ENGINE=InnoDB COMMENT='Progress of the rollups, one row';

-- Apart from hours: what came from elsewhere cannot be made again from frames.
CREATE TABLE IF NOT EXISTS imported_hours (
    meter_id MEDIUMINT UNSIGNED NOT NULL,
    hour TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'its start',
    register TINYINT UNSIGNED NOT NULL COMMENT 'as in breaks',
    source VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'where it came from',
    wh INT UNSIGNED NOT NULL COMMENT 'energy of the hour',
    PRIMARY KEY (meter_id, hour, register)
) ENGINE=InnoDB COMMENT='Energy by hour from other programs';
