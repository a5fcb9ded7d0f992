"""What llama.cpp itself says a plan takes: it sizes every buffer without allocating one, in a process of its own."""
