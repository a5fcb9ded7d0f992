"""Python: bytes of one file to facts, and from a name as it is used to its definitions."""
