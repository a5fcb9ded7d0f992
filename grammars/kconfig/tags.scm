; What the index reads from Kconfig files.

(config) @option
(menuconfig) @option
(if) @block
(menu) @block
(choice) @block
(source) @source
(ERROR) @error
(MISSING) @error
