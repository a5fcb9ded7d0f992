"""Who reaches whom: edges between definitions, ways along them, and what can be asked of a name."""
