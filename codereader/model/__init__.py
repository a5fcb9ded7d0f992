"""What a model file says: header, vocabulary, and where such files lie."""
