"""The parts that a tree is made of, and how they depend on each other."""
