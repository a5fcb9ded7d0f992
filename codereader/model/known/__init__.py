"""Models known by name before they are downloaded: their geometry as data, and headers made from it.

One TOML file an architecture: the tensors it is made of, and the models of that architecture with their source.
Sizes are bytes. Knows nothing of where models lie on this machine or elsewhere.
"""

from codereader.model.known.geometry import KnownModel
from codereader.model.known.header import is_same, known_header, known_model, known_names, near_names

__all__ = ["KnownModel", "is_same", "known_header", "known_model", "known_names", "near_names"]
