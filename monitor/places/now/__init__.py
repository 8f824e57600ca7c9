"""*Maintenant*: what the home does now.

`routes` has them all. `live` answers from memory and opens the stream of newest values, so it works while the database
is away. `meters` says which meters there are and what each can tell; `devices` what single devices do now; `later`
when energy will be cheapest in the hours to come.
"""
