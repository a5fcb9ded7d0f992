"""Languages that a folder of grammars describes: tags to facts, names to definitions."""
