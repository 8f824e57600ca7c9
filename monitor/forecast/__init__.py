"""What a home will draw, and on which days of which colour, from what is known of its past. Pure."""
