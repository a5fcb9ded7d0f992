"""Questions and their answers: the box one types in, the conversation, and the thread that answers."""
