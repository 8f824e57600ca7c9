"""Reads what the storer wrote: hours, minutes, breaks, imported hours, contracts. Nothing is computed here."""
