"""Which llama.cpp runs here, in words that change when the bits of a result may."""

from __future__ import annotations

from codereader import native

llama_cpp = native.llama()


def version() -> str:
    """Return the versions of library and binding and the processor features that it was built for, on one line."""
    library = _text(llama_cpp.llama_version())
    features = " ".join(_text(llama_cpp.llama_print_system_info()).replace("|", " ").split())
    return f"llama.cpp {library} (llama-cpp-python {llama_cpp.__version__}; {features})"


def _text(raw: bytes | str) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
