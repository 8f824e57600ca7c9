"""What Home Assistant gets of a meter: its state, its link, and the device message that announces its entities.

`publisher.MeterPublisher` publishes what is retained, and all of it again after a connection or Home Assistant's
birth message. It reads what earlier runs and other readers have retained of a meter, so that names stay, a meter of a
killed run goes offline, and simulated meters of the past disappear. Only the publisher does I/O, through a protocol.

The rest is pure: `profile` learns what a meter sends; `entities` chooses the entities from it, by the rows of
`entity_table`; `device_message` writes them in Home Assistant's abbreviations; `discovery` decides when to announce
them again. A register that is no longer needed is left out, so that its statistics stay; anything else is removed.
"""
