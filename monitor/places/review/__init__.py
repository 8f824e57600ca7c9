"""*Bilan*: energy and cost by hour, day, week, month or year.

`energy` is the answer that the page, `energy.csv` and `teleinfo-monitor report` show alike. Beside it: `forecast` of
the running month, peaks, base load and profile of a range (`routes`), the registers at two dates as a bill has them
(`indexes`), `notes` of the owner with what changed since, `weather` at equal temperature, and `why` two ranges cost
differently: `difference` splits the difference into quantity, hours, prices and days, `causes` finds what of it has a
name. `csv` writes the table for a spreadsheet, `report` for a terminal.
"""
