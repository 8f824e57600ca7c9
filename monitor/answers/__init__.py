"""Answers to what people ask: energy with its cost by period, and what other offers would have cost."""
