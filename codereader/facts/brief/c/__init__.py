"""What the brief tells of C trees: operations, registrations, types and who makes them, locks, settings."""
