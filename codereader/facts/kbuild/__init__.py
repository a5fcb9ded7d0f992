"""What is built when: Kconfig, Makefiles, and the conditions that they and ``#if`` put on facts."""
