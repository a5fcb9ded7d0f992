"""Hollow model files for tests: `codereader.model.hollow` writes them for the plan command as well."""

from codereader.model.hollow import write_hollow

__all__ = ["write_hollow"]
