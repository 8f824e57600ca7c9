-- Frames, some fifty bytes each: labels that change are columns, the others are stored once in a label set.
-- Each statement can be repeated: DDL commits implicitly, and a storer may be killed between two statements.

CREATE TABLE IF NOT EXISTS meters (
    id SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    identifier VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'ADCO or ADSC',
    UNIQUE KEY (identifier)
) ENGINE=InnoDB COMMENT='Meters';

CREATE TABLE IF NOT EXISTS label_sets (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    digest BINARY(16) NOT NULL COMMENT 'first half of the SHA-256 of content',
    subscription_type VARCHAR(16) NULL COMMENT 'OPTARIF, or what corresponds to NGTF',
    subscribed_current SMALLINT UNSIGNED NULL COMMENT 'A per phase: ISOUSC, or from PREF',
    pricing_period VARCHAR(16) NULL COMMENT 'PTEC, or what corresponds to NTARF',
    current_max MEDIUMINT UNSIGNED NULL COMMENT 'A: IMAX, or IMAX1 + IMAX2 + IMAX3',
    schedule VARCHAR(16) NULL COMMENT 'HHPHC',
    state_code VARCHAR(16) NULL COMMENT 'MOTDETAT',
    registers_at_rest BIGINT UNSIGNED NULL COMMENT 'Wh, historic mode: sum of the registers of the contract that do not run',
    index_total BIGINT UNSIGNED NULL COMMENT 'Wh, if no column of frames has it',
    content MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON, see docs/storage.md',
    UNIQUE KEY (digest)
) ENGINE=InnoDB COMMENT='What frames have in common, stored once' /*M!100600 PAGE_COMPRESSED=1 */;

CREATE TABLE IF NOT EXISTS frames (
    -- An explicit default: without one, older servers set the column at each update.
    timestamp TIMESTAMP(6) NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'when the last byte arrived',
    meter_id SMALLINT UNSIGNED NOT NULL,
    label_set_id INT UNSIGNED NOT NULL,
    dropped TINYINT UNSIGNED NULL COMMENT 'damaged groups',
    clock_offset SMALLINT NULL COMMENT 's: DATE minus the whole second of timestamp',
    index_total INT UNSIGNED NULL COMMENT 'Wh: BASE, EAST',
    index_supplier INT UNSIGNED NULL COMMENT 'Wh: the running one of HCHC ... BBRHPJR, EASF01 ... EASF10',
    index_distributor INT UNSIGNED NULL COMMENT 'Wh: the running one of EASD01 ... EASD04',
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
