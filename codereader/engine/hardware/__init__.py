"""What there is to run on: devices, memory, processors, and machines that are only described."""
