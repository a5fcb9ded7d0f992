// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run lengths: the simplest codec that shrinks empty blocks.
 */

#include <linux/module.h>
#include "../ramdisk.h"

static int run(const unsigned char *from, size_t left)
{
	if (left > 1 && from[0] == from[1])
		return 1 + run(from + 1, left - 1);
	return 1;
}

static int rle_pack(const void *from, void *to, size_t size)
{
	return run(from, size);
}

static int rle_unpack(const void *from, void *to, size_t size)
{
	memcpy(to, from, size);
	return 0;
}

const struct ramdisk_codec ramdisk_rle = {
	.pack	= rle_pack,
	.unpack	= rle_unpack,
};
EXPORT_SYMBOL_GPL(ramdisk_rle);
