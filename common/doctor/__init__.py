"""What both doctors share: findings and how they look, the broker, the configuration file.

Uses everything else in `common`.
"""
