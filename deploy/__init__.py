"""How the programs are deployed: `compose` (the set-up and backup services of compose.yaml) and `systemd`.

May use reader and common; nothing imports deploy.
"""
