"""llama.cpp in this process: what is loaded, how it is evaluated, what it really took."""
