"""Screens that lie over the panes: the plan, the graph of the parts, the pack."""
