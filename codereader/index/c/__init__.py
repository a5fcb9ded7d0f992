"""C: bytes of one file to facts."""
