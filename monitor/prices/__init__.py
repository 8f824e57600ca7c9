"""Prices of electricity with the days from which they are valid: bundled, the user's, the regulator's."""
