"""What runs teach about a machine: rates and bytes, kept on disk, and what plans make of them."""
