"""From a header, a machine and a need to ranked plans; pure functions."""
