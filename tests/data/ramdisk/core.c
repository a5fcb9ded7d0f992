// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk in memory: creation, reading and writing of blocks.
 *
 * The disk keeps no state of its own beyond the list of disks.
 */

#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include "ramdisk.h"

static struct ramdisk *disks;

struct ramdisk *ramdisk_find(const char *name)
{
	struct ramdisk *disk;

	for (disk = disks; disk; disk = disk->next)
		if (!strcmp(disk->name, name))
			return disk;
	return NULL;
}
EXPORT_SYMBOL_GPL(ramdisk_find);

static struct ramdisk *ramdisk_create(const char *name, u64 size)
{
	struct ramdisk *disk = kzalloc(sizeof(*disk), GFP_KERNEL);

	if (!disk)
		return NULL;
	disk->name = kstrdup(name, GFP_KERNEL);
	disk->blocks = vzalloc(size);
	disk->size = size;
	disk->next = disks;
	disks = disk;
	return disk;
}

static void ramdisk_destroy(struct ramdisk *disk)
{
	kfree(disk->name);
	vfree(disk->blocks);
	kfree(disk);
}

#ifdef CONFIG_RAMDISK_STATS
static void ramdisk_count(struct ramdisk *disk, int is_write)
{
	ramdisk_account(disk, is_write);
}
#else
static void ramdisk_count(struct ramdisk *disk, int is_write)
{
}
#endif

static int ramdisk_open(struct inode *inode, struct file *file)
{
	file->private_data = ramdisk_find(file_name(file));
	return file->private_data ? 0 : -ENOENT;
}

static ssize_t ramdisk_read(struct file *file, char __user *to, size_t count, loff_t *at)
{
	struct ramdisk *disk = file->private_data;

	ramdisk_count(disk, 0);
	return simple_read_from_buffer(to, count, at, disk->blocks, disk->size);
}

static ssize_t ramdisk_write(struct file *file, const char __user *from, size_t count, loff_t *at)
{
	struct ramdisk *disk = file->private_data;

	ramdisk_count(disk, 1);
	return simple_write_to_buffer(disk->blocks, disk->size, at, from, count);
}

static int ramdisk_release(struct inode *inode, struct file *file)
{
	return 0;
}

static long ramdisk_control(struct file *file, unsigned int command, unsigned long argument)
{
	return ramdisk_ioctl(file->private_data, command);
}

static const struct file_operations ramdisk_operations = {
	.owner		= THIS_MODULE,
	.open		= ramdisk_open,
	.read		= ramdisk_read,
	.write		= ramdisk_write,
	.release	= ramdisk_release,
	.unlocked_ioctl	= ramdisk_control,
#ifdef CONFIG_COMPAT
	.compat_ioctl	= compat_ptr_ioctl,
#endif
	.llseek		= generic_file_llseek,
};

static int ramdisk_get_tree(struct fs_context *context)
{
	return get_tree_nodev(context, simple_fill_super);
}

static const struct fs_context_operations ramdisk_context_operations = {
	.get_tree	= ramdisk_get_tree,
};

static int ramdisk_init_context(struct fs_context *context)
{
	context->ops = &ramdisk_context_operations;
	return 0;
}

static struct file_system_type ramdisk_type = {
	.name			= "ramdisk",
	.init_fs_context	= ramdisk_init_context,
	.kill_sb		= kill_litter_super,
};

SYSCALL_DEFINE2(ramdisk_resize, const char __user *, name, u64, size)
{
	struct ramdisk *disk = ramdisk_find(name);

	if (!disk)
		return -ENOENT;
	ramdisk_destroy(disk);
	return ramdisk_create(name, size) ? 0 : -ENOMEM;
}

static int __init ramdisk_init(void)
{
	if (!ramdisk_create("ram0", 1 << 20))
		return -ENOMEM;
	register_chrdev(0, "ramdisk", &ramdisk_operations);
	return register_filesystem(&ramdisk_type);
}
fs_initcall(ramdisk_init);

static void __exit ramdisk_exit(void)
{
	unregister_filesystem(&ramdisk_type);
	ramdisk_destroy(disks);
}
module_exit(ramdisk_exit);
