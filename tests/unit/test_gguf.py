"""Header facts of GGUF files, whole, broken and hostile."""

from __future__ import annotations

import contextlib
import os
import random
import struct
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereader.errors import ModelNotFound, ModelUnreadable
from codereader.model.gguf import read_header, read_numbers, read_strings
from codereader.model.known import known_header
from tests.gguf_files import header_bytes, llama_metadata, write_gguf
from tests.hollow import write_hollow

TENSORS = [("token_embd.weight", (64, 32), "F32"), ("blk.0.attn_q.weight", (256, 2), "Q4_K"), ("norm", (5,), "F16")]


def why(path):
    """Return the sentence with which *path* is refused."""
    with pytest.raises(ModelUnreadable) as caught:
        read_header(path)
    return str(caught.value)


@pytest.mark.parametrize("version", [2, 3])
def test_header_tells_what_the_model_is(tmp_path, version):
    """A header gives name, size, context and geometry without loading weights."""
    metadata = llama_metadata(general__name=" Small Llama ", llama__rope__freq_base=10000.0)

    header = read_header(write_gguf(tmp_path / "m.gguf", metadata, TENSORS, version=version))

    assert ("llama", "Small Llama", "Q4_K_M") == (header.architecture, header.name, header.quantization)
    assert (2048, 2, 64) == (header.context_length, header.block_count, header.embedding_length)
    assert ((8, 8), (2, 2), 8, 8) == (header.head_counts, header.kv_head_counts, header.key_length, header.value_length)
    assert 10000.0 == header.rope_base
    assert 64 * 32 + 256 * 2 + 5 == header.parameters
    assert 64 * 32 * 4 + 2 * 144 + 10 == sum(tensor.bytes for tensor in header.tensors)
    assert (tmp_path / "m.gguf").stat().st_size == header.file_bytes


def test_header_keeps_heads_of_each_layer(tmp_path):
    """Models whose layers differ in heads give one number a layer."""
    metadata = llama_metadata() | {"llama.attention.head_count_kv": [4, 1], "llama.attention.sliding_window": 512}

    header = read_header(write_gguf(tmp_path / "m.gguf", metadata))

    assert (4, 1) == header.kv_head_counts
    assert 512 == header.sliding_window == header.number("attention.sliding_window")
    assert 7 == header.number("attention.missing", 7)


def test_header_without_facts_is_named_by_its_file(tmp_path):
    """A file that says nothing of itself is read all the same."""
    header = read_header(write_gguf(tmp_path / "bare.gguf"))

    assert ("bare", "", 0, None, None) == (
        header.name, header.architecture, header.context_length, header.chat_template, header.bos_id,
    )  # fmt: skip


def test_quantization_is_guessed_from_most_bytes(tmp_path):
    """Without a file type the type of most bytes is named."""
    header = read_header(write_gguf(tmp_path / "m.gguf", {}, [("a", (256, 100), "Q6_K"), ("b", (10,), "F32")]))

    assert "Q6_K" == header.quantization


def test_long_lists_are_located_and_read_on_demand(tmp_path):
    """A vocabulary is not decoded for the header, and read whole when asked for."""
    words = [f"w{number}" for number in range(5000)]
    metadata = {"tokenizer.ggml.tokens": words, "tokenizer.ggml.token_type": list(range(5000)), "short": ["a", "b"]}

    header = read_header(write_gguf(tmp_path / "m.gguf", metadata))

    assert 5000 == header.vocab_size
    assert "tokenizer.ggml.tokens" not in header.metadata
    assert ("a", "b") == header.metadata["short"]
    assert [word.encode() for word in words] == read_strings(header, "tokenizer.ggml.tokens")
    assert list(range(5000)) == read_numbers(header, "tokenizer.ggml.token_type")
    assert [] == read_strings(header, "nothing")


def test_missing_file_is_not_found(tmp_path):
    """A path that leads nowhere says so, also through a file."""
    write_gguf(tmp_path / "m.gguf")

    for path in (tmp_path / "none.gguf", tmp_path / "m.gguf" / "deeper"):
        with pytest.raises(ModelNotFound, match="there is no model at"):
            read_header(path)


def test_what_is_no_model_is_refused_in_one_sentence(tmp_path):
    """A folder, an empty file, another format and a pipe are refused, each with its reason."""
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_text("hello")
    (tmp_path / "short").write_bytes(b"GGUF\3")

    assert "it is a folder" in why(tmp_path)
    assert "the file is empty" in why(tmp_path / "empty")
    assert "starts with b'hell', not b'GGUF'" in why(tmp_path / "text")
    assert "truncated" in why(tmp_path / "short")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_does_not_hang(tmp_path):
    """A named pipe is refused at once instead of waiting for a writer."""
    os.mkfifo(tmp_path / "pipe")

    assert "not a regular file" in why(tmp_path / "pipe")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_says_so(tmp_path):
    """A file without read permission names that as the reason."""
    write_gguf(tmp_path / "m.gguf").chmod(0)

    assert "ermission" in why(tmp_path / "m.gguf")


def test_truncated_weights_are_recognised(tmp_path):
    """A download that broke off is told from a whole file, with both sizes."""
    path = write_gguf(tmp_path / "m.gguf", llama_metadata(), TENSORS)
    whole = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(whole - 100)

    assert f"the file has {whole - 100:,}" in why(path)
    assert "is truncated: its header promises" in why(path)


@pytest.mark.parametrize(
    ("version", "reason"), [(1, "version 1"), (4, "version 4"), (0x03000000, "big-endian"), (0, "big-endian")]
)
def test_other_versions_are_refused(tmp_path, version, reason):
    """Old, future and big-endian files are named as such."""
    assert reason in why(write_gguf(tmp_path / "m.gguf", version=version))


def test_a_key_given_twice_is_refused(tmp_path):
    """A file in which a key means two things is not trusted."""
    one = struct.pack("<Q", 1) + b"k" + struct.pack("<II", 4, 1)
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + one + one)

    assert "'k' is given twice" in why(tmp_path / "m.gguf")


@pytest.mark.parametrize("at", [8, 16])
@pytest.mark.parametrize("count", [2**16 + 1, 2**40, 2**64 - 1])
def test_huge_counts_cost_nothing(tmp_path, at, count):
    """Counts of keys or tensors beyond any model are refused, not believed."""
    data = bytearray(header_bytes(llama_metadata(), TENSORS))
    data[at : at + 8] = struct.pack("<Q", count)
    (tmp_path / "m.gguf").write_bytes(data)

    assert why(tmp_path / "m.gguf")


def test_huge_lengths_cost_nothing(tmp_path):
    """A string, list of strings or list of numbers longer than the file is refused before memory is taken for it."""
    for value in (
        struct.pack("<IQ", 8, 2**62),
        struct.pack("<IIQ", 9, 8, 2**62),
        struct.pack("<IIQ", 9, 10, 2**62),
        struct.pack("<IIQ", 9, 8, 5000) + struct.pack("<Q", 2**63) * 6000,
        struct.pack("<IIQ", 9, 9, 1),
    ):
        data = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"k" + value
        (tmp_path / "m.gguf").write_bytes(data)

        assert "cannot read the header" in why(tmp_path / "m.gguf")


def test_a_header_larger_than_any_models_is_not_walked(tmp_path):
    """A list that the file really holds, in a hole of 300 MB, takes neither memory nor a walk through it."""
    promised = struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<IIQ", 9, 0, 300_000_000)
    with (tmp_path / "m.gguf").open("wb") as file:
        file.write(b"GGUF" + promised)
        file.truncate(310_000_000)

    tracemalloc.start()
    reason = why(tmp_path / "m.gguf")
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert "it is larger than 134,217,728 bytes" in reason
    assert taken < 1 << 20


@pytest.mark.parametrize("value", [
    struct.pack("<IQ", 8, 300_000_000),
    struct.pack("<IIQQ", 9, 8, 1, 300_000_000),
    struct.pack("<IIQQ", 9, 8, 5000, 300_000_000),
    struct.pack("<IIQ", 9, 8, 16_000_000),
])  # fmt: skip
def test_strings_larger_than_any_header_are_not_copied(tmp_path, value):
    """A string that the file really holds, alone or in a list, takes no memory; nor do millions of empty ones."""
    with (tmp_path / "m.gguf").open("wb") as file:
        file.write(b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + value)
        file.truncate(310_000_000)

    tracemalloc.start()
    assert why(tmp_path / "m.gguf")
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert taken < 1 << 20


def test_lists_that_are_short_one_by_one_are_bounded_together(tmp_path):
    """Thousands of lists, each short enough to be decoded, are refused before they fill the memory."""
    one = struct.pack("<IIQ", 9, 0, 4096) + bytes(4096)
    keys = b"".join(struct.pack("<Q", 3) + f"{number:03}".encode() + one for number in range(300))
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 300) + keys)

    assert "its short lists have more than 1,048,576 elements" in why(tmp_path / "m.gguf")


def test_two_tensors_of_one_name_are_refused(tmp_path):
    """Their bytes could be counted twice, and llama.cpp takes no such file."""
    assert "two tensors called 'norm'" in why(write_gguf(tmp_path / "m.gguf", {}, [TENSORS[-1], TENSORS[-1]]))


def test_sizes_may_differ_from_layer_to_layer(tmp_path):
    """A number stands for all layers, a list for one each; what is no size is the default."""
    metadata = llama_metadata() | {
        "llama.feed_forward_length": [128, 512],
        "llama.expert_used_count": [2, 8],
        "llama.odd": [-1, 7],
        "llama.short": [5],
        "llama.words": ["a", "b"],
        "llama.unreal": [float("nan"), float("inf")],
    }

    header = read_header(write_gguf(tmp_path / "m.gguf", metadata))

    assert ((128, 512), (64, 64)) == (header.per_layer("feed_forward_length"), header.per_layer("embedding_length"))
    assert 8 == header.expert_used_count
    assert [(3, 7), (5, 3), (3, 3), (3, 3), (3, 3)] == [
        header.per_layer(key, 3) for key in ("odd", "short", "words", "unreal", "missing")
    ]


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("block_count", 4_000_000_000, "block_count is 4,000,000,000, which is not from 0 to 3"),
        ("block_count", 4, "block_count is 4, which is not from 0 to 3"),
        ("block_count", -1, "block_count is -1"),
        ("context_length", 2**63, "context_length is 9,223,372,036,854,775,808"),
        ("embedding_length", -64, "embedding_length is -64"),
        ("attention.head_count", -1, "head_count is -1"),
        ("attention.head_count_kv", [2, 2, 2], "head_count_kv has 3 entries for 2 blocks"),
        ("attention.head_count_kv", [2, -2], "head_count_kv is -2"),
        ("attention.key_length", 2**62, "key_length is"),
        ("expert_count", -5, "expert_count is -5"),
    ],
)
def test_sizes_that_no_model_has_are_refused(tmp_path, key, value, reason):
    """More blocks than tensors, negative and absurd sizes are refused before memory is taken for them."""
    path = write_gguf(tmp_path / "m.gguf", llama_metadata() | {f"llama.{key}": value}, TENSORS)

    assert reason in why(path)


def test_blocks_of_a_file_without_weights_are_bounded(tmp_path):
    """A vocabulary alone may name its model's blocks, but not billions."""
    few, many = (
        write_gguf(tmp_path / f"{count}.gguf", llama_metadata(llama__block_count=count)) for count in (80, 4097)
    )

    assert 80 == read_header(few).block_count
    assert "not from 0 to 4,096" in why(many)


def test_tensors_must_follow_each_other(tmp_path):
    """Tensors that overlap, have no known type or broken rows are refused."""
    whole = bytearray(header_bytes({}, TENSORS))
    first_offset = whole.index(b"token_embd.weight") + len("token_embd.weight") + 4 + 16 + 4
    whole[first_offset : first_offset + 8] = struct.pack("<Q", 64)
    (tmp_path / "m.gguf").write_bytes(whole + bytes(100_000))

    assert "lies at 64, not at 0" in why(tmp_path / "m.gguf")


def test_rows_that_no_block_divides_are_refused(tmp_path):
    """A quantized tensor of broken rows, or of no dimensions at all."""
    assert "of type Q4_K has rows of 100 weights" in why(write_gguf(tmp_path / "m.gguf", {}, [("a", (100,), "Q4_K")]))
    assert "of type Q8_0 has rows of 1 weights" in why(write_gguf(tmp_path / "m.gguf", {}, [("a", (), "Q8_0")]))


def test_a_tensor_of_no_dimensions_is_one_number(tmp_path):
    """As ggml has it."""
    assert 1 == read_header(write_gguf(tmp_path / "m.gguf", {}, [("a", (), "F32")])).parameters


def test_flipped_bytes_of_a_published_header_never_crash(tmp_path):
    """Where most of the header is a table of tensors, damage is read or refused all the same."""
    known = known_header("smollm2-135m")
    assert known is not None
    path = write_hollow(tmp_path, known)
    whole = path.read_bytes()[:20_000]
    chance = random.Random(11)

    refused = 0
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with path.open("r+b") as file:
            file.write(data)
        try:
            read_header(path)
        except ModelUnreadable:
            refused += 1

    assert 0 < refused


def test_split_model_counts_all_parts(tmp_path):
    """A model in parts is read as one, whichever part is named."""
    parts = [tmp_path / f"big-0000{number}-of-00002.gguf" for number in (1, 2)]
    write_gguf(parts[0], llama_metadata(split__count=2), [("a", (10,), "F32")])
    write_gguf(parts[1], {"split.count": 2}, [("b", (20,), "F32")])

    for named in parts:
        header = read_header(named)
        assert parts[0] == header.path
        assert tuple(parts) == header.parts
        assert 30 == header.parameters
        assert [("a", 0), ("b", 1)] == [(tensor.name, tensor.part) for tensor in header.tensors]


def test_split_model_names_its_missing_part(tmp_path):
    """When a part is missing the message says which."""
    write_gguf(tmp_path / "big-00001-of-00002.gguf", llama_metadata(split__count=2))
    write_gguf(tmp_path / "renamed.gguf", llama_metadata(split__count=2))

    assert "big-00002-of-00002.gguf is missing" in why(tmp_path / "big-00001-of-00002.gguf")
    assert "does not say which" in why(tmp_path / "renamed.gguf")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.sampled_from([b"", b"GGUF", b"GGUF\3\0\0\0"]))
def test_random_bytes_never_crash(tmp_path, data, start):
    """Any bytes are either a header or a refusal."""
    path = tmp_path / "m.gguf"
    path.write_bytes(start + data)

    with contextlib.suppress(ModelUnreadable):
        assert read_header(path).path == path


def test_flipped_bytes_never_crash(tmp_path):
    """A damaged header is either read or refused, in bounded time and memory."""
    whole = header_bytes(llama_metadata(words=["a", "bc"] * 40, numbers=[1, 2, 3]), TENSORS) + bytes(9000)
    chance = random.Random(7)
    path = tmp_path / "m.gguf"

    refused = 0
    for _ in range(1500):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(whole) - 9000)] = chance.randrange(256)
        path.write_bytes(data)
        try:
            read_header(path)
        except ModelUnreadable:
            refused += 1

    assert 0 < refused < 1500


def test_a_name_as_long_as_the_file_is_refused_before_it_is_read(tmp_path):
    """A sparse file can promise a text of any length; no name of a key or tensor is that long."""
    path = tmp_path / "m.gguf"
    path.write_bytes(struct.pack("<4sIQQQ", b"GGUF", 3, 0, 1, 100 << 20))
    os.truncate(path, 120 << 20)

    tracemalloc.start()
    with pytest.raises(ModelUnreadable, match="a text of 104,857,600 bytes"):
        read_header(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 1 << 20
