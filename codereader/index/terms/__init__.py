"""Which contents and paths hold a word: the inverted index that `codereader.facts.search` ranks by."""
