"""Sets up the machine on which the package `teleinfo` brings broker, database and programs; the package runs it."""
