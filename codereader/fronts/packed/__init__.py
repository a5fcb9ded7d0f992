"""A pack as people and other programs get it: text, cxml, markdown or JSON, and the tables that tell what is in it."""
