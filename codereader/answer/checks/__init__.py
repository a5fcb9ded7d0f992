"""Whether what prose says of a tree is so: sentences read into relations, and relations held against the index."""
