"""A model's prose while it streams: its sentences, its claims, its evidence, and what of it is let through."""
