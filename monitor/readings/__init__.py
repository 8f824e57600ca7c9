"""Reads what the storer wrote, and computes the energy of any range from readings at its boundaries."""
