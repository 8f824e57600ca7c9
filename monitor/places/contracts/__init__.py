"""*Contrats*: what other offers would have cost, and which power the home needs.

`comparison` prices the same hours with every offer that is known, and `compare` answers with the ranking. What a
meter's registers cannot tell is taken from the curve of the year (`usage_curve`). An offer that cannot be priced is
listed with its reason, and a season of which nothing was measured is named: what is cheapest in autumn need not be so
in a year.

`needed_power` reads the highest minutes and asks `breaker` how often a Linky would have opened at another power;
`power` is its route. `tempo` counts the days of a season, and `offers` lists what a contract may name. `terminal` has
the commands of the same names, and `prices`.
"""
