"""The storer's tables: schema and migrations, encoding of frames as rows, writing of frames, tallies and rejections.

Uses `common` only.
"""
