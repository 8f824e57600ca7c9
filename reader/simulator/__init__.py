"""Simulated meters: the household, the contract, the calendar, and the line they are sent on."""
