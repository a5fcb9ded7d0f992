// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping of a disk where the machine has a memory management unit.
 */

#include <linux/mm.h>
#include "ramdisk.h"

const struct file_operations ramdisk_map_operations = {
	.mmap	= generic_file_mmap,
	.fsync	= noop_fsync,
};
