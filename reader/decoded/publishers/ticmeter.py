"""TICMeter over MQTT: a topic a label, with labels of its own beside those of the meter. Pure.

Not read are its own: `total`, the sum of historic registers; `pref`, ISOUSC in kVA; the times in seconds since 1970;
`aujour` and `demain` in standard mode, where STGE has them. `set-refresh` is an input: nothing is ever published there.
"""

from reader.decoded.publishers.labels import publisher

PUBLISHER = publisher(
    "ticmeter",
    r"(.*/)?TICMeter/[0-9A-Fa-f]{6}",
    filters={r"(?P<device>(.*/)?TICMeter/[0-9A-Fa-f]{6})": r"\g<device>/+"},
)
