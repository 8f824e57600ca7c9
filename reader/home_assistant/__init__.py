"""What a meter looks like to Home Assistant: discovery, entities, and their publisher.

Uses `meter` and `tic`; publishes through a protocol.
"""
