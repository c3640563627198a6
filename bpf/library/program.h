/*
 * For who writes signed programs: what an object needs without the headers of a kernel.
 *
 * Fixed-width types, maps as BTF describes them, and the helpers that the programs of this folder
 * call; add those that yours calls by their number in linux/bpf.h.
 */
#pragma once

#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#define SECTION(name) __attribute__((section(name), used))
#define MAP SECTION(".maps")
#define MAP_NUMBER(name, value) int(*name)[value]
#define MAP_TYPE(name, type) type *name
#define LICENSE(text) char license_text[] SECTION("license") = text

#define NO_PREALLOC 1 /* of map_flags: a trie has no other way */

/* A number of the manifest's params: constant in the kernel, so that what it rules out is not even
 * loaded. */
#define PARAM const volatile

/*
 * Numbers of the manifest's params that change while the program is attached ("mutable": true,
 * "of": NAME), all of a call at once: a structure of them, twice. A run asks once for the one that
 * counts, by PARAM_BLOCK_NOW(NAME), and reads all from that.
 */
#define PARAM_BLOCK(name, type, ...)                                  \
	volatile type name[2] = { { __VA_ARGS__ }, { __VA_ARGS__ } }; \
	volatile u32 name##_slot
#define PARAM_BLOCK_NOW(name) ((const volatile __typeof__((name)[0]) *)&(name)[name##_slot & 1])

enum {
	MAP_HASH = 1,
	MAP_ARRAY = 2,
	MAP_PER_CPU_ARRAY = 6,
	MAP_LRU_HASH = 9,
	MAP_LPM_TRIE = 11,
	MAP_ARRAY_OF_MAPS = 12,
	MAP_RINGBUF = 27,
};

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const map_update)(void *map, const void *key, const void *value,
				u64 flags) = (void *)2;
static u64 (*const ktime_boot)(void) = (void *)125;

/* What a variable is afterwards the compiler does not know, so it checks it where the verifier
 * wants to see it checked. */
#define FORGET(variable) __asm__ volatile("" : "+r"(variable))

/* Counts in a map that has a number for each thing that can happen. */
#define COUNTS(n)                                    \
	struct {                                     \
		MAP_NUMBER(type, MAP_PER_CPU_ARRAY); \
		MAP_NUMBER(max_entries, n);          \
		MAP_TYPE(key, u32);                  \
		MAP_TYPE(value, u64);                \
	} counts MAP

#define COUNT(what)                                             \
	do {                                                    \
		u32 count_of = what;                            \
		u64 *count_at = map_lookup(&counts, &count_of); \
		if (count_at)                                   \
			++*count_at;                            \
	} while (0)

/* Counts what a map has for a key, or begins to: an LRU hash lets go of what is seldom. */
static inline __attribute__((always_inline)) void count_key(void *map, const void *key)
{
	u64 *n = map_lookup(map, key), first = 1;

	if (n)
		__sync_fetch_and_add(n, 1);
	else
		map_update(map, key, &first, 0);
}

/* The kernel's own structures: offsets come from the BTF of the kernel that runs. */
#define OF_KERNEL __attribute__((preserve_access_index))

struct path {
	void *mnt, *dentry; /* compilers of eBPF want to see some */
} OF_KERNEL;

struct file {
	struct path f_path;
} OF_KERNEL;

/*
 * A lease: a program that lets everything pass again after a time (of CLOCK_BOOTTIME), even if
 * every process of ours is gone and something still holds its link. Where the manifest says
 * "lease": "lease_until_ns" the host sets it, before the program is attached: to the end of its
 * time, and for one that goes with the agent never further than a few checks ahead. With 0 the
 * guardian alone keeps the time.
 */
#define LEASE volatile u64 lease_until_ns
#define LEASE_IS_OVER() (lease_until_ns && ktime_boot() >= lease_until_ns)
