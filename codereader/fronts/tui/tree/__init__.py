"""The tree of the scope: its listing, the rows of what is unfolded, and the pane that draws them."""
