"""Plans for people: one on a page, several machines side by side, and the flags that llama.cpp's server takes."""
