"""What is on disk: files, ignore rules, languages, spans, history."""
