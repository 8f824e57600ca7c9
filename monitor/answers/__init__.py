"""Answers to what people ask: energy with its cost by period, and what other offers would have cost.

All of them read, and raise `DatabaseError` as `monitor/readings` does.
"""
