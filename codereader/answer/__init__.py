"""What is said: prompt, events, checked citations."""
