"""The forms of kernel logs and traces: what stands before a message, frames, and what says nothing of a fault."""

from __future__ import annotations

import re

STAMP = re.compile(
    r"^\s*(?:>+\s*)*(?:[A-Z][a-z]{2}\s+\d+ [\d:]{8} \S+ )?(?:kernel: ?)?(?:<\d+>)?"
    r"\[[^\]\n]*\d[.:]\d{2,}[^\]\n]*\](?:\s*\[\s*[TC]\d+\])?\s?"
    r"|^.{0,40}\bkernel: ?(?:\[\s*\d+\.\d+\])?"
)
"""What a log writes before a message: when, where, on which processor."""

DEVICE = re.compile(r"\s*(?:>\s*)*\S+ [0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]:? ")
"""A driver's name and the PCI place of its device: a message of a log, also without its stamp."""

FRAME = re.compile(r"(\?\s+)?\b([A-Za-z_][\w.]*)\+0x[0-9a-f]+/0x[0-9a-f]+(?:\s+\[([\w-]+))?")
"""A frame of a trace: whether it is doubtful, the function, the module."""

FAULTING = re.compile(r"\b(?:RIP|EIP|PC is at|pc :|NIP|epc :|IP:)")
"""A line that says where it happened."""

SUFFIX = re.compile(r"\.(?:constprop|isra|part|cold|llvm|lto_priv)\b.*$")
"""What compilers append to a function's name."""

NOISE = re.compile(
    r"Modules linked in|Hardware name:|Tainted:"
    r"|^\s*(?:R[A-Z0-9]{2}|E[A-Z]{2}|CS|FS|CR\d|DR\d|PGD|P4D|Code|ORIG_RAX|PKRU|EFLAGS|[xr]\d+ ?|sp ?|pc ?|lr ?)\s*:"
    r"|^\s*(?:signed-off|reviewed|tested|acked|cc|reported|fixes|link|closes)-?[\w-]*:"
    r"|^(?:Linux version|Command line|BIOS-e820|Kernel command line)"
    r"|^-{3,}|^={3,}|^\s*(?:[0-9a-f]{2} ){8}",
    re.IGNORECASE,
)
"""A line that says nothing of the fault: registers, code bytes, lists of modules, trailers of commits."""

FAULT = re.compile(
    r"\b(?:error|fail\w*|warn\w*|bug|timeout|timed out|unable|invalid|cannot|can't|could not|not ready|corrupt\w*|hung"
    r"|stall\w*|reset|oops|panic|fault|blocked|unexpected|unknown|unhandled|refused|overflow|lost|dead\w*|stuck)\b",
    re.IGNORECASE,
)
"""A word of a message that says that something failed."""

_BEGINNINGS = """
    do_syscall_ entry_SYSCALL syscall_ dump_stack show_stack show_trace ret_from_fork __x64_sys_ __se_sys_ __ia32_
    x64_sys_ ksys_ __do_sys_ invoke_syscall el0 el1 asm_ kasan_ __kasan print_address_description mark_lock __warn exc_
    page_fault __die oops_ __might_ might_ schedule preempt_schedule raw_spin_ raw_read_ raw_write_ _raw_spin_
    _raw_read_ _raw_write_ __mutex_lock mutex_lock irq_ __irq_ handle_irq common_interrupt do_softirq __do_softirq
    handle_softirqs vfs_ secondary_startup stack_depot save_stack slab_ ___slab_ __slab_ kmem_cache_ kmalloc kzalloc
    __kmalloc __kmem __alloc_pages alloc_pages init_module __driver_probe driver_probe bus_for_each __device_attach
    usb_probe native_ default_idle cpuidle_ rcu_ call_rcu memcpy memset memmove arch_ warn_slowpath lockdep_ debug_
    hardirqs_
""".split()
_WHOLE = """
    kthread worker_thread process_one_work process_scheduled_works print_report __lock_acquire lock_acquire lock_release
    validate_chain report_bug handle_bug handle_exception do_page_fault die do_trap do_error_trap no_context panic
    __schedule do_idle cpu_startup_entry start_secondary start_kernel rest_init stack_trace_save kfree do_one_initcall
    do_init_module load_module really_probe __driver_attach driver_attach driver_register bus_add_driver device_add
    local_pci_probe pci_device_probe pci_call_probe platform_probe delay_tsc error_entry stop_this_cpu do_exit
    do_group_exit call_cpuidle
""".split()
_GENERIC = re.compile(rf"(?:(?:{'|'.join(_BEGINNINGS)})\w*|(?:{'|'.join(_WHOLE)})|\w+_return_thunk|print_\w+_bug)$")


def is_generic(function: str) -> bool:
    """Tell whether *function* is in so many traces that it says nothing of the fault."""
    return bool(_GENERIC.match(function))
