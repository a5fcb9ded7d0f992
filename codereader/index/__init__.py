"""What the parser saw: definitions, references, tables, kept in SQLite by content."""
