/* For programs with lists, whose items come with the call that applies them or changes them. */
#pragma once

#include "program.h"

/*
 * A list that changes at once: an array of one map, in whose place the host puts another that is
 * full already. A run asks once for the one that counts, by LIST_NOW(), looks up all in that, and
 * takes none for an empty one. 'form' is a structure that describes such a map, by the sizes of key
 * and value, as compilers leave out what types they have in there; NETWORK_LIST() and PATH_LIST()
 * have theirs. What is in both lists keeps what it counted, save while it changes.
 */
#define LIST(name, form)                             \
	struct {                                     \
		MAP_NUMBER(type, MAP_ARRAY_OF_MAPS); \
		MAP_NUMBER(max_entries, 1);          \
		MAP_TYPE(key, u32);                  \
		MAP_TYPE(values[], form);            \
	} name MAP
#define LIST_NOW(name) list_now(&(name))

static inline __attribute__((always_inline)) void *list_now(void *list)
{
	u32 first = 0;

	return map_lookup(list, &first);
}

static inline __attribute__((always_inline)) u64 *list_find(void *now, const void *key)
{
	return now ? map_lookup(now, key) : NULL;
}

/* A list of networks: its key, IPv4 as ::ffff:a.b.c.d. Whoever finds one counts in its value. */
struct network {
	u32 bits;
	u8 address[16];
};

#define TRIE(most, type_of_key)                            \
	struct {                                           \
		MAP_NUMBER(type, MAP_LPM_TRIE);            \
		MAP_NUMBER(max_entries, most);             \
		MAP_NUMBER(map_flags, NO_PREALLOC);        \
		MAP_NUMBER(key_size, sizeof(type_of_key)); \
		MAP_NUMBER(value_size, sizeof(u64));       \
	}

#define NETWORK_LIST(name, most) LIST(name, TRIE(most, struct network))
#define NETWORKS(name, most) TRIE(most, struct network) name MAP /* changes item by item */

static inline __attribute__((always_inline)) void network_of_ipv4(struct network *network,
								  u32 address)
{
	*network = (struct network) { .bits = 128 };
	network->address[10] = network->address[11] = 0xff;
	__builtin_memcpy(network->address + 12, &address, 4);
}

/* A list of paths: its key, a text with its NUL. */
#define PATH_BYTES 256

struct path_key {
	u32 bits;
	char text[PATH_BYTES];
};

#define PATH_LIST(name, most) LIST(name, TRIE(most, struct path_key))
#define PATHS(name, most) TRIE(most, struct path_key) name MAP /* changes item by item */
