"""What a question asks and what it names, and the facts that answer it."""
