"""What is measured beside the meter: sun, devices, temperature.

The storer adds up what inverters, plugs and thermometers send, by minute and hour, as it does for the meter. Here
these rows become production and what was used of it at home, the use of each device, and a comparison at equal
weather. Whoever shows energy puts these columns in as they come (`sun_columns`, `device_columns`) and does not name
what a home may or may not have.

`sun_energy`, `device_energy` and `equal_weather` are the arithmetic, without a database; `sun`, `devices` and
`weather` read a home and answer. `unseen_injection` recognises a home that injects without a source of production.
"""
