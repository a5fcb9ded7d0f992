"""What follows from the index: relations, build conditions, importance, the structure brief."""
