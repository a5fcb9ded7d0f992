"""Diagrams of boxes and arrows in characters: `rows` puts boxes in rows, `columns` side by side, `channels` leads the
lines between the rows, `canvas` turns lines into characters. `codereader.fronts.diagram_layout` joins them.
"""
