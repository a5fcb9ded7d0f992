"""Evaluated prompts kept on disk, so that no process evaluates a base twice."""
