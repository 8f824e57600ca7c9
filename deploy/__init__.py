"""How the programs are deployed, and what the ways have in common.

`app` (Home Assistant's app), `compose` (the set-up and backup services of compose.yaml) and `systemd`. May use the
programs and common; nothing imports deploy.
"""
