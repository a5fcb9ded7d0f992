"""The structure brief: what the page says, section by section, and how it fits into lines."""
