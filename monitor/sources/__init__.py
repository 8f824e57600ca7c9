"""What is measured beside the meter: sun, devices, temperature.

The storer adds up what inverters, plugs and thermometers send, by minute and hour, as it does for the meter. Here
these rows become production and what was used of it at home, the use of each device, and a comparison at equal
weather. Whoever shows energy asks `sources` once, and puts in the fields, columns and lines as they come; it does not
name what a home may or may not have.

`sun`, `devices` and `weather` read a home and answer; `sun_energy` and the upper half of `weather` are arithmetic,
without a database. `sun` also recognises a home that injects without a source of production.
"""
