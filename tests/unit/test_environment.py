"""The key of everything but the tokens: another model or another setting is another key."""

from __future__ import annotations

import os

from codereader.engine.state.environment import environment, fingerprint


def model_file(folder, name="model.gguf", fill=0):
    path = folder / name
    path.write_bytes(bytes([fill]) * 300_000)
    os.utime(path, (1, 1))
    return path


def test_a_model_is_told_by_its_bytes_size_and_time(tmp_path):
    """The same file gives the same print; other weights, a longer or a touched file another one."""
    path = model_file(tmp_path)
    prints = [fingerprint(path), fingerprint(path), fingerprint(model_file(tmp_path, "tuned.gguf", fill=1))]
    os.utime(path, (2, 2))
    prints.append(fingerprint(path))

    assert prints[0] == prints[1]
    assert 3 == len(set(prints))


def test_all_parts_of_a_split_model_count(tmp_path):
    """A change in the last part is a change of the model."""
    first = model_file(tmp_path, "m-00001-of-00002.gguf")
    second = model_file(tmp_path, "m-00002-of-00002.gguf")
    before = fingerprint(first)
    os.utime(second, (9, 9))

    assert before != fingerprint(first)


def test_every_setting_is_part_of_the_environment(tmp_path):
    """The order of the settings is none of it, each value is."""
    path = model_file(tmp_path)
    keys = [environment(path, settings) for settings in ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1, "b": 3})]

    assert keys[0] == keys[1]
    assert (32, True) == (len(keys[0]), keys[0] != keys[2])
