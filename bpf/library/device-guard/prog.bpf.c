/*
 * Lets the processes of a control group open the devices of a list alone; those that every program
 * needs (null, zero, full, random, urandom, tty, ptmx and terminals) are open to all where
 * common=1. What is refused is counted by device.
 */
#include "../list.h"

#define ALLOW 1
#define DENY 0
#define BLOCK 1

struct access { /* struct bpf_cgroup_dev_ctx, of linux/bpf.h */
	u32 access_type, major, minor;
};

struct device {
	u32 is_block, major, minor;
};

#define ANY (~0U)

PARAM u8 common = 1;

enum {
	DENIED,
	ALLOWED,
	N_COUNTS,
};

COUNTS(N_COUNTS);
LEASE;

struct devices {
	MAP_NUMBER(type, MAP_HASH);
	MAP_NUMBER(max_entries, 256);
	MAP_NUMBER(key_size, sizeof(struct device));
	MAP_NUMBER(value_size, sizeof(u64));
};

LIST(allowed, struct devices);

struct {
	MAP_NUMBER(type, MAP_LRU_HASH);
	MAP_NUMBER(max_entries, 256);
	MAP_TYPE(key, struct device);
	MAP_TYPE(value, u64);
} refused MAP;

static int is_common(const struct device *device)
{
	if (!common || device->is_block)
		return 0;
	if (device->major == 1)
		return device->minor == 3 || device->minor == 5 || device->minor == 7 ||
		       device->minor == 8 || device->minor == 9;
	return (device->major == 5 && (device->minor == 0 || device->minor == 2)) ||
	       (device->major >= 136 && device->major <= 143);
}

static int is_listed(struct device device)
{
	void *now = LIST_NOW(allowed);

	if (list_find(now, &device))
		return 1;
	device.minor = ANY;
	if (list_find(now, &device))
		return 1;
	device.major = ANY;
	return list_find(now, &device) != NULL;
}

SECTION("cgroup/dev")
int device_guard(const struct access *access)
{
	struct device device = {
		.is_block = (access->access_type & 0xffff) == BLOCK,
		.major = access->major,
		.minor = access->minor,
	};

	if (LEASE_IS_OVER() || is_common(&device) || is_listed(device)) {
		COUNT(ALLOWED);
		return ALLOW;
	}
	count_key(&refused, &device);
	COUNT(DENIED);
	return DENY;
}

LICENSE("GPL");
