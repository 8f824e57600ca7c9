"""Which subscribed power a house needs: the rule of a Linky's breaker, over the curve that was lived. Pure."""
