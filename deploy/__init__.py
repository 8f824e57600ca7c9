"""How the programs are deployed, and what the ways have in common.

`app` (Home Assistant's app), `compose` (the set-up service of compose.yaml), `systemd` and `packages` (for
Debian); `release` makes a version of all. May use the programs and common; nothing imports deploy.
"""
