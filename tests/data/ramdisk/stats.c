// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of reads and writes.
 */

#include <linux/debugfs.h>
#include "ramdisk.h"

void ramdisk_account(struct ramdisk *disk, int is_write)
{
	if (is_write)
		disk->stats->writes++;
	else
		disk->stats->reads++;
}
