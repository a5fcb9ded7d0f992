"""What fits a budget: levels of detail, the choice among them, the order of segments."""
