"""What a question or a bug report says that can be looked up: words, names, frames of a trace, lines of a log, paths.

Knows the forms of kernel logs and of tracebacks, not the tree. Line one is the title. Lines of a trace that name no
function, lists of modules, registers and the like say nothing of the fault and are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from codereader.index.terms.words import WORD, pairs_of, parts_of, plain_words, stem, terms_of

TITLE_WEIGHT = 3.0
"""What a word of the title counts, against one of the text below."""

LOG_WEIGHT = 0.5
"""What a word of a log line counts: logs are long, and mostly about what works."""

FAULT_WEIGHT = 1.5
"""What a word of a log line counts that says that something failed."""

MOST_TERMS = 400
MOST_PAIRS = 400
MOST_LINES = 3000

_TIME = re.compile(r"^\s*(?:>+\s*)*(?:[A-Z][a-z]{2}\s+\d+ [\d:]{8} \S+ )?(?:kernel: ?)?(?:<\d+>)?\[\s*\d+\.\d+\](?:\[\s*[TC]\d+\])?\s?|^.{0,40}\bkernel: ?(?:\[\s*\d+\.\d+\])?")
_FRAME = re.compile(r"(\?\s+)?\b([A-Za-z_][\w.]*)\+0x[0-9a-f]+/0x[0-9a-f]+(?:\s+\[([\w-]+))?")
_MODULE = re.compile(r"\[([a-z][\w-]{2,})\]")
_NOISE = re.compile(
    r"Modules linked in|^\s*(?:R[A-Z0-9]{2}|E[A-Z]{2}|CS|FS|CR\d|DR\d|PGD|P4D|Code|ORIG_RAX|PKRU|EFLAGS|x\d+ ?|sp ?|pc ?|lr ?|r\d+ ?)\s*:"
    r"|Hardware name:|Tainted:|^\s*(?:signed-off|reviewed|tested|acked|cc|reported|fixes|link|closes)-?[\w-]*:"
    r"|^(?:Linux version|Command line|BIOS-e820|Kernel command line)|^-{3,}|^={3,}|^\s*(?:[0-9a-f]{2} ){8}",
    re.IGNORECASE,
)
_RIP = re.compile(r"\b(?:RIP|EIP|PC is at|pc :|NIP|epc :|IP:)")
_FAULT = re.compile(
    r"\b(?:error|fail\w*|warn\w*|bug|timeout|timed out|unable|invalid|cannot|can't|could not|not ready|corrupt\w*|hung"
    r"|stall\w*|reset|oops|panic|fault|blocked|unexpected|unknown|unhandled|refused|overflow|lost|dead\w*|stuck)\b",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?<![\w/.-])((?:[\w.+-]+/)+[\w.+-]+\.(?:[chSs]|cc|cpp|hpp|py|go|rs|java|tsx?|jsx?|sh))\b|\b([\w-]+\.[chS])\b")
_GENERIC = re.compile(
    r"^(?:do_syscall_\w+|entry_SYSCALL\w*|syscall_\w+|dump_stack\w*|show_stack\w*|show_trace\w*|ret_from_fork\w*|kthread|worker_thread"
    r"|process_one_work|process_scheduled_works|__x64_sys_\w+|__se_sys_\w+|__ia32_\w+|x64_sys_\w+|ksys_\w+|__do_sys_\w+|invoke_syscall|el0\w*|el1\w*|asm_\w+"
    r"|kasan_\w+|__kasan\w*|print_report|print_address_description\w*|print_\w+_bug|__lock_acquire|lock_acquire|lock_release|validate_chain|check_\w+_lock\w*|mark_lock\w*"
    r"|__warn\w*|report_bug|handle_bug|exc_\w+|handle_exception|page_fault\w*|do_page_fault|__die\w*|die|do_trap|do_error_trap|no_context|panic|oops_\w+|page_fault_oops"
    r"|__might_\w+|might_\w+|schedule\w*|__schedule|preempt_schedule\w*|_?raw_(?:spin|read|write)_\w+|__mutex_lock\w*|mutex_lock\w*|__?irq_\w+|handle_irq\w*|common_interrupt\w*|do_softirq\w*|__do_softirq|handle_softirqs|irq_exit\w*"
    r"|vfs_\w+|do_idle|cpu_startup_entry|start_secondary|secondary_startup\w*|start_kernel|rest_init|stack_trace_save|stack_depot\w*|save_stack\w*|slab_\w+|___slab_\w+|kmem_cache_\w+|k[mz]?alloc\w*|__kmalloc\w*|kfree|__kmem\w*|__alloc_pages\w*|alloc_pages\w*"
    r"|do_one_initcall|do_init_module|load_module|init_module\w*|__do_sys_\w+|really_probe|__driver_probe\w*|driver_probe\w*|__driver_attach|driver_attach|driver_register|bus_for_each\w*|bus_add_driver|device_add|__device_attach\w*|local_pci_probe|pci_device_probe|pci_call_probe|platform_probe|usb_probe\w+"
    r"|delay_tsc|native_\w+|default_idle\w*|cpuidle_\w+|rcu_\w+|call_rcu\w*|mem(?:cpy|set|move)\w*|\w*_return_thunk|error_entry|stop_this_cpu|do_exit|do_group_exit|arch_\w+|warn_slowpath\w*|lockdep_\w+|debug_\w+|call_cpuidle|hardirqs_\w+)$"
)
_TAIL = re.compile(r"\.(?:constprop|isra|part|cold|llvm|lto_priv)\b.*$")


@dataclass(slots=True)
class Read:
    """What a text was read to say. Weights are relative; `frames` come nearest to the fault first."""

    terms: dict[str, float] = field(default_factory=dict)
    pairs: dict[str, float] = field(default_factory=dict)
    frames: dict[str, float] = field(default_factory=dict)
    modules: dict[str, float] = field(default_factory=dict)
    paths: dict[str, float] = field(default_factory=dict)
    names: dict[str, float] = field(default_factory=dict)
    """Words that look like identifiers, lower-case."""
    spelled: dict[str, str] = field(default_factory=dict)


def read_question(text: str) -> Read:
    """Return what *text* says."""
    found = Read()
    lines = [line for line in text.replace("\r", "").split("\n")][:MOST_LINES]
    title = next((at for at, line in enumerate(lines) if line.strip()), None)
    if title is None:
        return found
    counts: dict[str, float] = {}
    depth = 0
    for at, line in enumerate(lines):
        bare = _TIME.sub("", line)
        is_log = bare != line
        for match in _PATH.finditer(bare):
            found.paths[match[1] or match[2]] = TITLE_WEIGHT if at == title else 1.0
        frames = _FRAME.findall(bare)
        if frames:
            depth = _frames(found, bare, frames, depth)
            continue
        if _NOISE.search(bare):
            continue
        depth = 0 if not bare.strip() else depth
        weight = TITLE_WEIGHT if at == title else (FAULT_WEIGHT if _FAULT.search(bare) else LOG_WEIGHT) if is_log else 1.0
        _words(found, bare, weight, counts)
    for name in found.frames:
        for term in terms_of(name):
            counts[term] = max(counts.get(term, 0.0), 0.3)
    top = sorted(counts, key=lambda term: (-counts[term], term))[:MOST_TERMS]
    found.terms = {term: counts[term] for term in top}
    return found


def _frames(found: Read, line: str, frames: Iterable[tuple[str, str, str]], depth: int) -> int:
    """Take the frames of a *line*; the nearer to the fault, the more each counts."""
    for doubtful, name, module in frames:
        name = _TAIL.sub("", name).lstrip(".")
        if module and len(module) > 2:
            found.modules.setdefault(module.lower().replace("-", "_"), 1.0)
        if _GENERIC.match(name):
            continue
        weight = 1.0 / (1 + 0.15 * depth) * (0.4 if doubtful else 1.0) * (1.5 if _RIP.search(line) else 1.0)
        low = name.strip("_").lower()
        found.frames[low] = max(found.frames.get(low, 0.0), weight)
        found.spelled.setdefault(low, name)
        depth += 1
    return depth


def _words(found: Read, line: str, weight: float, counts: dict[str, float]) -> None:
    words = WORD.findall(line)
    for word in words:
        terms = terms_of(word)
        for place, term in enumerate(terms):
            if term in STOP or len(term) < 2:
                continue
            counts[term] = min(counts.get(term, 0.0) + weight, weight + 2.0) if term in counts else weight
            if place == 0 and len(terms) > 1:
                found.names[term] = max(found.names.get(term, 0.0), weight)
                found.spelled.setdefault(term, word)
    if len(found.pairs) < MOST_PAIRS:
        for pair in pairs_of(plain_words(line)):
            found.pairs[pair] = max(found.pairs.get(pair, 0.0), weight)


STOP = frozenset(
    stem(word)
    for word in """
    a about above after again against all also am an and any are as at be because been before being below between both
    but by came can cannot could did do does doing don done down during each else even ever every few for from further
    get gets getting give given go goes going good got had has have having he hello help her here hi him his how however
    i if in into is issue it its itself just kind know let like linux look make many may maybe me might more most much
    must my need no nor not now of off ok on once one only or other our out over own pc please problem report same say
    see seem seems she should since so some something still such sure take tell than thank thanks that the their them
    then there these they thing this those though through to too try trying under until up upon us use used using very
    via want was way we well were what when where which while who why will with within without work working works would
    yes yet you your bug kernel regression attached attach version bugzilla comment description created
    subject wrote sent email www http https com org net html
    """.split()
)
