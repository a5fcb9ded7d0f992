"""Which files and symbols a question or a bug report is about, ranked from the index alone."""
