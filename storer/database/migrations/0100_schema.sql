-- Frames, some fifty bytes each: labels that change are columns, the others are stored once in a label set.
-- Each statement can be repeated: DDL commits implicitly, and a storer may be killed between two statements.

CREATE TABLE IF NOT EXISTS meters (
    -- The storer assigns ids itself, the highest plus one: AUTO_INCREMENT counts in larger steps on a cluster.
    id MEDIUMINT UNSIGNED NOT NULL PRIMARY KEY,
    identifier VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'ADCO or ADSC',
    UNIQUE KEY (identifier)
) ENGINE=InnoDB COMMENT='Meters';

CREATE TABLE IF NOT EXISTS label_sets (
    -- BIGINT: 10,000 meters make 4.29 billion label sets in some eight years; on a cluster of three nodes, whose
    -- AUTO_INCREMENT counts in steps of three, in fewer than three.
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    digest BINARY(16) NOT NULL COMMENT 'first 10 bytes of the SHA-256 of the whole content',
    subscription_type VARCHAR(16) NULL COMMENT 'OPTARIF, or what corresponds to NGTF',
    subscribed_current SMALLINT UNSIGNED NULL COMMENT 'A per phase: ISOUSC, or from PREF',
    pricing_period VARCHAR(16) NULL COMMENT 'PTEC, or what corresponds to NTARF',
    current_max MEDIUMINT UNSIGNED NULL COMMENT 'A: IMAX, or IMAX1 + IMAX2 + IMAX3',
    schedule VARCHAR(16) NULL COMMENT 'HHPHC',
    state_code VARCHAR(16) NULL COMMENT 'MOTDETAT',
    registers_at_rest BIGINT UNSIGNED NULL COMMENT 'Wh, historic mode: sum of the registers of the contract that do not run',
    index_total BIGINT UNSIGNED NULL COMMENT 'Wh, if no column of frames has it',
    content MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON, see docs/storage.md',
    -- No index: only the removal of unused label sets looks for base sets, in one pass over the table.
    base_id BIGINT UNSIGNED NULL COMMENT 'the label set from which content is the difference, NULL: content is whole',
    unused_since TIMESTAMP NULL COMMENT 'no frame had it then, it is deleted after a day if none has it by then',
    UNIQUE KEY (digest)
) ENGINE=InnoDB COMMENT='What frames have in common, stored once' /*M!100600 PAGE_COMPRESSED=1 */;

CREATE TABLE IF NOT EXISTS frames (
    -- An explicit default: without one, MariaDB before 10.10 sets the column at each update.
    timestamp TIMESTAMP(6) NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'when the last byte arrived',
    meter_id MEDIUMINT UNSIGNED NOT NULL,
    label_set_id BIGINT UNSIGNED NOT NULL,
    dropped TINYINT UNSIGNED NULL COMMENT 'damaged groups',
    clock_offset INT NULL COMMENT 's: DATE minus the whole second of timestamp',
    index_total INT UNSIGNED NULL COMMENT 'Wh: BASE, EAST',
    index_supplier INT UNSIGNED NULL
        COMMENT 'Wh: the running one of HCHC ... BBRHPJR, EASF01 ... EASF10 or its difference from the other indexes, see docs/storage.md',
    index_distributor INT UNSIGNED NULL
        COMMENT 'Wh: the running one of EASD01 ... EASD04, or its difference from the other indexes, see docs/storage.md',
    index_injected INT UNSIGNED NULL COMMENT 'Wh: EAIT',
    reactive_1 INT UNSIGNED NULL COMMENT 'VArh: ERQ1',
    reactive_2 INT UNSIGNED NULL COMMENT 'VArh: ERQ2',
    reactive_3 INT UNSIGNED NULL COMMENT 'VArh: ERQ3',
    reactive_4 INT UNSIGNED NULL COMMENT 'VArh: ERQ4',
    power MEDIUMINT UNSIGNED NULL COMMENT 'VA: PAPP, SINSTS',
    power_1 MEDIUMINT UNSIGNED NULL COMMENT 'VA: SINSTS1',
    power_2 MEDIUMINT UNSIGNED NULL COMMENT 'VA: SINSTS2',
    power_3 MEDIUMINT UNSIGNED NULL COMMENT 'VA: SINSTS3',
    power_injected MEDIUMINT UNSIGNED NULL COMMENT 'VA: SINSTI',
    current SMALLINT UNSIGNED NULL COMMENT 'A: IINST',
    current_1 SMALLINT UNSIGNED NULL COMMENT 'A: IINST1, IRMS1',
    current_2 SMALLINT UNSIGNED NULL COMMENT 'A: IINST2, IRMS2',
    current_3 SMALLINT UNSIGNED NULL COMMENT 'A: IINST3, IRMS3',
    voltage_1 SMALLINT UNSIGNED NULL COMMENT 'V: URMS1',
    voltage_2 SMALLINT UNSIGNED NULL COMMENT 'V: URMS2',
    voltage_3 SMALLINT UNSIGNED NULL COMMENT 'V: URMS3',
    overload SMALLINT UNSIGNED NULL COMMENT 'A: ADPS',
    overload_1 SMALLINT UNSIGNED NULL COMMENT 'A: ADIR1',
    overload_2 SMALLINT UNSIGNED NULL COMMENT 'A: ADIR2',
    overload_3 SMALLINT UNSIGNED NULL COMMENT 'A: ADIR3',
    PRIMARY KEY (timestamp, meter_id)
) ENGINE=InnoDB COMMENT='One row per frame' /*M!100600 PAGE_COMPRESSED=1 */
-- The storer splits this last partition into one per month, ahead of time.
PARTITION BY RANGE (UNIX_TIMESTAMP(timestamp)) (PARTITION p_later VALUES LESS THAN MAXVALUE);

CREATE TABLE IF NOT EXISTS rejected_messages (
    digest BINARY(16) NOT NULL PRIMARY KEY COMMENT 'of topic and payload',
    first_at TIMESTAMP(6) NOT NULL DEFAULT '2000-01-01 00:00:00',
    last_at TIMESTAMP(6) NOT NULL DEFAULT '2000-01-01 00:00:00',
    times INT UNSIGNED NOT NULL DEFAULT 1,
    topic VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'its first 255 characters',
    reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    size INT UNSIGNED NOT NULL COMMENT 'bytes of the payload',
    payload MEDIUMBLOB NOT NULL COMMENT 'its first 65536 bytes'
) ENGINE=InnoDB COMMENT='Messages that could not be stored, and why';

-- The eleven columns of the original table. LEFT JOIN makes the optimizer read frames first, so that a condition on
-- timestamp is a range of its primary key.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW teleinfoframes AS
SELECT
    f.timestamp AS timestamp,
    m.identifier AS meter_identifier,
    s.subscription_type AS subscription_type,
    s.subscribed_current AS subscription_power_in_a,
    COALESCE(f.index_total, f.index_supplier + s.registers_at_rest, s.index_total) AS total_base_index_in_wh,
    s.pricing_period AS current_pricing_period,
    -- No sum if a frame of a three-phase meter lacks a phase.
    COALESCE(
        f.current,
        f.current_1 + f.current_2 + f.current_3,
        IF(COALESCE(f.current_2, f.current_3, f.voltage_2, f.voltage_3, f.power_2, f.power_3) IS NULL, f.current_1, NULL)
    ) AS instantaneous_intensity_in_a,
    s.current_max AS intensity_max_in_a,
    f.power AS power_consumption_in_va,
    s.schedule AS peak_off_peak_schedule,
    s.state_code AS meter_state_code
FROM frames AS f
LEFT JOIN label_sets AS s ON s.id = f.label_set_id
LEFT JOIN meters AS m ON m.id = f.meter_id;

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

-- How many frames each reader counted, hour by hour; the audit compares them with the rows of frames.

CREATE TABLE IF NOT EXISTS tallies (
    -- An explicit default: without one, MariaDB before 10.10 sets the column at each update.
    hour TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'start of the hour',
    meter_id MEDIUMINT UNSIGNED NOT NULL,
    reader VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'name of the reader that counted',
    frames INT UNSIGNED NOT NULL COMMENT 'frames of this reader with a timestamp in this hour',
    PRIMARY KEY (hour, meter_id, reader)
) ENGINE=InnoDB COMMENT='How many frames there should be';

-- Rollups of frames by minute and by hour, in UTC, one row a meter and bucket: docs/database.md.
-- A row holds readings of its own bucket, never differences; energy is the difference between two rows.

CREATE TABLE IF NOT EXISTS minutes (
    meter_id MEDIUMINT UNSIGNED NOT NULL,
    -- An explicit default: without one, MariaDB before 10.10 sets the column at each update.
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
    held_until TIMESTAMP NULL,
    -- What retention and the cleaning of label sets note: docs/storage.md.
    frames_from TIMESTAMP NULL COMMENT 'frames before it were dropped, or are about to be: their rollups are final',
    label_sets_from TIMESTAMP NULL
        COMMENT 'start of the oldest month of frames when label sets were last searched for unused ones',
    label_sets_marked_at TIMESTAMP NULL COMMENT 'when unused label sets were marked that are not deleted yet, NULL: none',
    -- What `teleinfo-storer forget-meter` notes: docs/storage.md.
    last_forgotten_meter MEDIUMINT UNSIGNED NOT NULL DEFAULT 0
        COMMENT 'highest number of a meter that was forgotten: no other meter gets it',
    forgetting TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT '1: rows of forgotten meters are still to be deleted',
    -- What others may remember of the rollups is right as long as this number stays: docs/database.md.
    version BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'another one after each change of hours of the past',
    -- frames_from goes back when old frames are adopted; what was dropped is dropped all the same.
    dropped_to TIMESTAMP NULL COMMENT 'retention has dropped frames before it',
    -- What `teleinfo-storer sources --forget` notes.
    last_forgotten_source SMALLINT UNSIGNED NOT NULL DEFAULT 0
        COMMENT 'highest number of a source that was forgotten: no other source gets it'
) ENGINE=InnoDB COMMENT='Progress of the rollups, one row';

-- Apart from hours: what came from elsewhere cannot be made again from frames.
CREATE TABLE IF NOT EXISTS imported_hours (
    meter_id MEDIUMINT UNSIGNED NOT NULL,
    hour TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'its start',
    register TINYINT UNSIGNED NOT NULL COMMENT 'as in breaks',
    source VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'where it came from',
    wh INT UNSIGNED NOT NULL COMMENT 'energy of the hour',
    -- A day or a month is kept at its last hour: nobody knows at which hours of it the energy was drawn.
    hours SMALLINT UNSIGNED NOT NULL DEFAULT 1
        COMMENT 'how many hours the energy was drawn in, of which this one is the last',
    import_id INT UNSIGNED NOT NULL DEFAULT 0 COMMENT '0: not imported by this program',
    PRIMARY KEY (meter_id, hour, register)
) ENGINE=InnoDB COMMENT='Energy by hour from other programs';

-- For people and Grafana: energy by hour and register in kWh, docs/database.md. Exact: each register from its last reading
-- before the hour, less its breaks. That reading is nearly always in the hour before; only where it is not, it is looked
-- for. So a range of hours reads only its rows, which LAG() would not do.
-- In a session whose local time has an hour twice, `hour - INTERVAL 1 HOUR` is a local time that may mean another hour:
-- then, too, the register's latest reading is looked for, by instants.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW energy_hours AS
SELECT
    m.identifier AS meter,
    h.hour AS hour,
    h.drawn_wh / 1000 AS drawn_kwh,
    h.injected_wh / 1000 AS injected_kwh,
    IF(h.supplier_1_last IS NULL, NULL, (CAST(h.supplier_1_last AS SIGNED) - CAST(COALESCE(p.supplier_1_last,
        (SELECT e.supplier_1_last FROM hours AS e WHERE e.meter_id = h.meter_id AND e.hour < h.hour AND e.supplier_1_last IS NOT NULL
        ORDER BY e.hour DESC LIMIT 1), h.supplier_1_first, h.supplier_1_last) AS SIGNED) - COALESCE(b.step_1, 0)) / 1000) AS supplier_1_kwh,
    IF(h.supplier_2_last IS NULL, NULL, (CAST(h.supplier_2_last AS SIGNED) - CAST(COALESCE(p.supplier_2_last,
        (SELECT e.supplier_2_last FROM hours AS e WHERE e.meter_id = h.meter_id AND e.hour < h.hour AND e.supplier_2_last IS NOT NULL
        ORDER BY e.hour DESC LIMIT 1), h.supplier_2_first, h.supplier_2_last) AS SIGNED) - COALESCE(b.step_2, 0)) / 1000) AS supplier_2_kwh,
    IF(h.supplier_3_last IS NULL, NULL, (CAST(h.supplier_3_last AS SIGNED) - CAST(COALESCE(p.supplier_3_last,
        (SELECT e.supplier_3_last FROM hours AS e WHERE e.meter_id = h.meter_id AND e.hour < h.hour AND e.supplier_3_last IS NOT NULL
        ORDER BY e.hour DESC LIMIT 1), h.supplier_3_first, h.supplier_3_last) AS SIGNED) - COALESCE(b.step_3, 0)) / 1000) AS supplier_3_kwh,
    IF(h.supplier_4_last IS NULL, NULL, (CAST(h.supplier_4_last AS SIGNED) - CAST(COALESCE(p.supplier_4_last,
        (SELECT e.supplier_4_last FROM hours AS e WHERE e.meter_id = h.meter_id AND e.hour < h.hour AND e.supplier_4_last IS NOT NULL
        ORDER BY e.hour DESC LIMIT 1), h.supplier_4_first, h.supplier_4_last) AS SIGNED) - COALESCE(b.step_4, 0)) / 1000) AS supplier_4_kwh,
    IF(h.supplier_5_last IS NULL, NULL, (CAST(h.supplier_5_last AS SIGNED) - CAST(COALESCE(p.supplier_5_last,
        (SELECT e.supplier_5_last FROM hours AS e WHERE e.meter_id = h.meter_id AND e.hour < h.hour AND e.supplier_5_last IS NOT NULL
        ORDER BY e.hour DESC LIMIT 1), h.supplier_5_first, h.supplier_5_last) AS SIGNED) - COALESCE(b.step_5, 0)) / 1000) AS supplier_5_kwh,
    IF(h.supplier_6_last IS NULL, NULL, (CAST(h.supplier_6_last AS SIGNED) - CAST(COALESCE(p.supplier_6_last,
        (SELECT e.supplier_6_last FROM hours AS e WHERE e.meter_id = h.meter_id AND e.hour < h.hour AND e.supplier_6_last IS NOT NULL
        ORDER BY e.hour DESC LIMIT 1), h.supplier_6_first, h.supplier_6_last) AS SIGNED) - COALESCE(b.step_6, 0)) / 1000) AS supplier_6_kwh,
    IF(h.supplier_7_last IS NULL, NULL, (CAST(h.supplier_7_last AS SIGNED) - CAST(COALESCE(p.supplier_7_last,
        (SELECT e.supplier_7_last FROM hours AS e WHERE e.meter_id = h.meter_id AND e.hour < h.hour AND e.supplier_7_last IS NOT NULL
        ORDER BY e.hour DESC LIMIT 1), h.supplier_7_first, h.supplier_7_last) AS SIGNED) - COALESCE(b.step_7, 0)) / 1000) AS supplier_7_kwh,
    IF(h.supplier_8_last IS NULL, NULL, (CAST(h.supplier_8_last AS SIGNED) - CAST(COALESCE(p.supplier_8_last,
        (SELECT e.supplier_8_last FROM hours AS e WHERE e.meter_id = h.meter_id AND e.hour < h.hour AND e.supplier_8_last IS NOT NULL
        ORDER BY e.hour DESC LIMIT 1), h.supplier_8_first, h.supplier_8_last) AS SIGNED) - COALESCE(b.step_8, 0)) / 1000) AS supplier_8_kwh,
    IF(h.supplier_9_last IS NULL, NULL, (CAST(h.supplier_9_last AS SIGNED) - CAST(COALESCE(p.supplier_9_last,
        (SELECT e.supplier_9_last FROM hours AS e WHERE e.meter_id = h.meter_id AND e.hour < h.hour AND e.supplier_9_last IS NOT NULL
        ORDER BY e.hour DESC LIMIT 1), h.supplier_9_first, h.supplier_9_last) AS SIGNED) - COALESCE(b.step_9, 0)) / 1000) AS supplier_9_kwh,
    IF(h.supplier_10_last IS NULL, NULL, (CAST(h.supplier_10_last AS SIGNED) - CAST(COALESCE(p.supplier_10_last,
        (SELECT e.supplier_10_last FROM hours AS e WHERE e.meter_id = h.meter_id AND e.hour < h.hour AND e.supplier_10_last IS NOT NULL
        ORDER BY e.hour DESC LIMIT 1), h.supplier_10_first, h.supplier_10_last) AS SIGNED) - COALESCE(b.step_10, 0)) / 1000) AS supplier_10_kwh,
    h.power_max AS power_max,
    h.seconds AS seconds
FROM hours AS h
JOIN meters AS m ON m.id = h.meter_id
LEFT JOIN hours AS p ON p.meter_id = h.meter_id AND p.hour = h.hour - INTERVAL 1 HOUR
    AND UNIX_TIMESTAMP(p.hour) = UNIX_TIMESTAMP(h.hour) - 3600
LEFT JOIN (
    SELECT
        meter_id,
        hour,
        SUM(IF(register = 1, step, 0)) AS step_1,
        SUM(IF(register = 2, step, 0)) AS step_2,
        SUM(IF(register = 3, step, 0)) AS step_3,
        SUM(IF(register = 4, step, 0)) AS step_4,
        SUM(IF(register = 5, step, 0)) AS step_5,
        SUM(IF(register = 6, step, 0)) AS step_6,
        SUM(IF(register = 7, step, 0)) AS step_7,
        SUM(IF(register = 8, step, 0)) AS step_8,
        SUM(IF(register = 9, step, 0)) AS step_9,
        SUM(IF(register = 10, step, 0)) AS step_10
    FROM breaks
    GROUP BY meter_id, hour
) AS b ON b.meter_id = h.meter_id AND b.hour = h.hour;

-- Energy from elsewhere: which file brought it, and how long the time is that it was drawn in: docs/import.md.

CREATE TABLE IF NOT EXISTS imports (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    meter_id MEDIUMINT UNSIGNED NOT NULL,
    kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    file VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'name of the file or database',
    digest BINARY(32) NOT NULL COMMENT 'SHA-256 of what was read',
    taken_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    UNIQUE KEY (meter_id, kind, digest)
) ENGINE=InnoDB COMMENT='Files that imported_hours and imported_temperatures came from';

-- Outside temperatures of days before a thermometer was there: docs/import.md.

CREATE TABLE IF NOT EXISTS imported_temperatures (
    meter_id MEDIUMINT UNSIGNED NOT NULL,
    hour TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'the first of its day, in UTC',
    temperature SMALLINT NOT NULL COMMENT '0.1 degrees Celsius: mean of the day',
    import_id INT UNSIGNED NOT NULL,
    PRIMARY KEY (meter_id, hour)
) ENGINE=InnoDB COMMENT='Outside temperature by day from files';

-- Which rows of the original program's table have become frames, and how far that has come: docs/adoption.md.

CREATE TABLE IF NOT EXISTS adoptions (
    source VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'the table',
    shift SMALLINT NOT NULL COMMENT 'hours added to its times',
    zone VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'its times are local times of this zone, NULL: UTC',
    taken_to TIMESTAMP(6) NULL COMMENT 'its latest row that was taken, as its own time says',
    first_at TIMESTAMP(6) NULL COMMENT 'timestamp of the first frame made of it',
    last_at TIMESTAMP(6) NULL COMMENT 'timestamp of the last frame made of it',
    frames BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'rows that became frames',
    left_out BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'rows without an address, or with the time of another one',
    finished_at TIMESTAMP NULL COMMENT 'when all rows were taken'
) ENGINE=InnoDB COMMENT='Tables of other programs that became frames';

-- When backups were finished: docs/database.md. They are not in a backup themselves.
-- Slots, because the storer's account may not delete rows: the oldest is written over.

CREATE TABLE IF NOT EXISTS backups (
    slot TINYINT UNSIGNED NOT NULL PRIMARY KEY COMMENT '0 to 9',
    finished_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when its files had been read back and verified',
    saved_rows BIGINT UNSIGNED NOT NULL COMMENT 'of all tables, in the files that were written'
) ENGINE=InnoDB COMMENT='The last ten backups';

-- Which months are in a backup as they are, so that retention drops nothing that is not: docs/database.md.
-- Not in a backup themselves: only the database that they were saved from has to wait.

CREATE TABLE IF NOT EXISTS saved_months (
    month TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' PRIMARY KEY COMMENT 'its start',
    digest CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of its small tables when its file was whole, empty: it has none',
    saved_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'of the last backup that had it like this'
) ENGINE=InnoDB COMMENT='Months as backups into a folder have them';

-- What other devices send on MQTT topics, such as an inverter or a thermometer: docs/sources.md. As above, a row holds
-- readings, never differences. Energy of a time: the last reading before its end, less the last one before its start, less
-- the steps of the rows in it.

CREATE TABLE IF NOT EXISTS sources (
    -- The storer assigns ids itself, as it does those of meters.
    id SMALLINT UNSIGNED NOT NULL PRIMARY KEY,
    name VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'as in storer.yaml',
    kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'production, device, temperature',
    meter VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'address of the meter it is behind, NULL: the only one',
    writer VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the storer that writes its rows: of several, one does',
    writer_until TIMESTAMP NULL,
    UNIQUE KEY (name)
) ENGINE=InnoDB COMMENT='Sources beside the meters';

CREATE TABLE IF NOT EXISTS source_minutes (
    source_id SMALLINT UNSIGNED NOT NULL,
    hour TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'its start',
    minutes TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'JSON, a list a column, see docs/database.md',
    PRIMARY KEY (source_id, hour)
) ENGINE=InnoDB COMMENT='Sources by minute, the minutes of an hour together' /*M!100600 PAGE_COMPRESSED=1 */
PARTITION BY RANGE (UNIX_TIMESTAMP(hour)) (
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

CREATE TABLE IF NOT EXISTS source_hours (
    source_id SMALLINT UNSIGNED NOT NULL,
    hour TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'its start',
    seconds SMALLINT UNSIGNED NOT NULL COMMENT 'covered',
    energy_first INT UNSIGNED NULL COMMENT 'Wh', energy_last INT UNSIGNED NULL,
    step INT NULL COMMENT 'Wh without energy since the last reading of the row before, NULL: none',
    power_mean MEDIUMINT NULL COMMENT 'W', power_max MEDIUMINT NULL,
    temperature_min SMALLINT NULL COMMENT '0.1 degrees Celsius, of the means of minutes',
    temperature_mean SMALLINT NULL, temperature_max SMALLINT NULL,
    PRIMARY KEY (source_id, hour)
) ENGINE=InnoDB COMMENT='Sources by hour' /*M!100600 PAGE_COMPRESSED=1 */;
