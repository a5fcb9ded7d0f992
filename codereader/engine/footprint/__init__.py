"""How many bytes and operations a model needs, predicted from its header alone."""
