"""A file on the screen: its rows and colours, what may be done there, and its outline."""
