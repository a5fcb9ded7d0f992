"""What runs a model: devices, plan, decode loop, saved state."""

import os

SPINS = 5_000
"""How often a thread looks for work before it sleeps, at each of the thousand barriers of a token.

GNU OpenMP's own 300,000 starve the other threads when the machine has anything else to do. Measured on two cores with
two other busy processes: 23 tokens a second of answer with this number, 1.4 without; on idle cores no difference.
"""

if not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys():
    os.environ["GOMP_SPINCOUNT"] = str(SPINS)  # read once, when llama.cpp is loaded, which only this room does
