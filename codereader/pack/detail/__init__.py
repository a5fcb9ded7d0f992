"""Show one file at a level of detail: full, uncommented, skeleton, outline, name.

Works on a file's bytes and its parsed facts; knows nothing of budgets or disks. Lines shown are 1-based.
"""

from codereader.pack.detail.heading import main_names, one_line, show_name
from codereader.pack.detail.outline import BODY_KINDS
from codereader.pack.detail.show import shown, unforged

__all__ = ["BODY_KINDS", "main_names", "one_line", "show_name", "shown", "unforged"]
