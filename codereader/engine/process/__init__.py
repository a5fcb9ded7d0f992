"""The engine in a process of its own, so that whatever serves the person outlives a crash of llama.cpp."""
