"""Going to a name, searching for words, and what a symbol has to do with others."""
