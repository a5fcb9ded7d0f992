"""Names of methods that objects of Python and its standard library share with those of any project.

On an object of which nothing is known, such a name more likely is theirs.
"""

from __future__ import annotations

_BUILTIN_TYPES = (str, bytes, bytearray, list, dict, set, int, float, tuple, range, memoryview, BaseException, type)

_LIBRARY = """
    acquire add_argument add_parser appendleft as_posix astimezone bind cancel cancelled chmod close closed commit
    communicate compile connect cursor date debug decode detach done empty error exception execute executemany exists
    expanduser fetchall fetchmany fetchone fileno finditer findall flush fromisoformat fullmatch getvalue glob group
    groupdict groups hexdigest info is_absolute is_alive is_dir is_file is_set isatty isoformat iterdir joinpath kill
    listen log map match mkdir most_common notify notify_all open parse_args poll popleft put query read read_bytes
    read_text readable readinto readline readlines recv relative_to release rename resolve result rglob rmdir rollback
    rotate run scan search seek seekable send sendall set set_result setLevel shutdown span start stat strftime sub
    submit symlink_to task_done tell terminate timestamp today total_seconds touch truncate unlink wait warn warning
    with_name with_suffix wrap writable write write_bytes write_text writelines writerow fill item sum mean reshape
    astype tolist get_nowait put_nowait call exit enter enter_context callback next throw cache_clear
""".split()

COMMON_METHODS = frozenset(name for kind in _BUILTIN_TYPES for name in dir(kind)) | frozenset(_LIBRARY)
"""What a method on an unknown object is not resolved by."""
