"""C across files: headers, macros, types, and what follows from them."""
