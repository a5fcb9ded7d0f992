"""What runs a model: devices, plan, decode loop, saved state."""
