-- The view of version 8, right in a session whose local time has an hour twice. There, `hour - INTERVAL 1 HOUR` is a local
-- time that means another hour: then the register's latest reading is looked for, by instants.

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
