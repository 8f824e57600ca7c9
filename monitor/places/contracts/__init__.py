"""*Contrats*: what other offers would have cost, and which power the home needs.

`comparison` prices the same hours with every offer that is known. What a meter's registers cannot tell is taken from
the curve of the year (`usage_curve`), and an offer that cannot be priced is listed with its reason (`reasons`).
`year_coverage` says which season is missing, as what is cheapest in autumn need not be so in a year.

`needed_power` reads the highest minutes and asks `breaker` how often a Linky would have opened at another power.
`tempo` counts the days of a season. `terminal` has the commands `compare`, `power` and `prices`.
"""
