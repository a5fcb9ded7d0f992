// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping of a disk where every process sees the same addresses.
 */

#include <linux/mm.h>
#include "ramdisk.h"

static int ramdisk_nommu_mmap(struct file *file, struct vm_area_struct *area)
{
	return area->vm_flags & VM_SHARED ? 0 : -ENOSYS;
}

const struct file_operations ramdisk_map_operations = {
	.mmap	= ramdisk_nommu_mmap,
	.fsync	= noop_fsync,
};
