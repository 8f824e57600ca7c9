"""What Home Assistant gets of a meter: its state, its entities, and the discovery message that announces them.

Uses `meter` and `tic`. Pure but for the publisher, which sends through a protocol of its own (`Publisher`).
"""
