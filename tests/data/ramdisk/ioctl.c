// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that a program may give to an open disk.
 */

#include <linux/fs.h>
#include "ramdisk.h"

#define RAMDISK_CLEAR 1
#define RAMDISK_SIZE 2

enum ramdisk_command {
	COMMAND_CLEAR = RAMDISK_CLEAR,
	COMMAND_SIZE = RAMDISK_SIZE,
};

static int clear(struct ramdisk *disk)
{
	memset(disk->blocks, 0, disk->size);
	return 0;
}

int ramdisk_ioctl(struct ramdisk *disk, unsigned int command)
{
	switch (command) {
	case COMMAND_CLEAR:
		return clear(disk);
	case COMMAND_SIZE:
		return ramdisk_blocks(disk);
	}
	return -EINVAL;
}
