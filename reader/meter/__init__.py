"""The state of a meter, as published on `teleinfo/<meter>/state`. Pure: no I/O, no clock.

Each frame updates `last_values`: the last good value of each label, without those that the meter no longer sends.
`derived` adds the keys that both modes share: contract, tariff period, headroom, totals. `power_estimate` adds the
active power, which TIC does not carry, from the steps of the indexes; `prices` what a kWh costs now.

`publish_policy` decides what to send when: urgent changes at once, noisy values with a deadband and an interval,
since Home Assistant's recorder writes a row for each change.

`state.MeterState` puts these together, and derives again only what a change can affect; the tests compare it with a
plain computation. `names` has the names of codes in French and English.
"""
