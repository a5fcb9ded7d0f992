/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the memory disk share.
 */
#ifndef _RAMDISK_H
#define _RAMDISK_H

#include <linux/types.h>

#define RAMDISK_BLOCK 512

/* One disk: its blocks and how often they were used. */
struct ramdisk {
	const char *name;
	void *blocks;
	u64 size;
	struct ramdisk_stats *stats;
	struct ramdisk *next;
};

struct ramdisk_stats {
	u64 reads;
	u64 writes;
};

/* What a block passes through on its way to memory. */
struct ramdisk_codec {
	int (*pack)(const void *from, void *to, size_t size);
	int (*unpack)(const void *from, void *to, size_t size);
};

extern const struct file_operations ramdisk_map_operations;

int ramdisk_ioctl(struct ramdisk *disk, unsigned int command);
struct ramdisk *ramdisk_find(const char *name);
void ramdisk_account(struct ramdisk *disk, int is_write);

static inline u64 ramdisk_blocks(const struct ramdisk *disk)
{
	return disk->size / RAMDISK_BLOCK;
}

#endif
