"""Who it is said to: the command line and, later, the TUI and the editors."""
