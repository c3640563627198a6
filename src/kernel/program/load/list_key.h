/*
 * Lists: maps whose keys come with the call that applies a program, each with a value of zeros that
 * the program may count in.
 *
 *	"networks"  BPF_MAP_TYPE_LPM_TRIE, key { u32 prefix_bits; u8 address[16]; }: "10.0.0.0/8",
 *	            "192.0.2.1", "2001:db8::/32"; IPv4 as ::ffff:a.b.c.d, so its bits are 96 more
 *	"paths"     BPF_MAP_TYPE_LPM_TRIE, key { u32 prefix_bits; char path[N]; }, N up to 256:
 *	            "/usr/bin/nc" is that path, with the NUL after it; "/tmp/" is all that is below
 *	"devices"   BPF_MAP_TYPE_HASH, key { u32 is_block, major, minor; }: "c:1:3", "b:8:*", where
 *	            "*" is all ones
 *
 * or a BPF_MAP_TYPE_ARRAY_OF_MAPS of one such map, see load.h.
 *
 * (linux/bpf.h; Documentation/bpf/map_lpm_trie.rst; Documentation/admin-guide/devices.txt)
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

#define LIST_KEY_MAX_BYTES 260
#define LIST_VALUE_MAX_BYTES 64

enum list_kind {
	LIST_NETWORKS,
	LIST_PATHS,
	LIST_DEVICES,
	LIST_N_KINDS,
};

/* By its name in a manifest; LIST_N_KINDS for none. */
enum list_kind list_kind_find(const char *name);

/* Whether a map of that type (BPF_MAP_TYPE_...), with keys and values of so many bytes, can be such
 * a list. */
bool list_fits(enum list_kind kind, uint32_t type, size_t n_key, size_t n_value);

/* The key of one item in 'key_out', which has n_key bytes that list_fits() has seen. -EINVAL with
 * what is wrong with the item, -E2BIG for a path that the map has no room for. */
int list_key(enum list_kind kind, const char *item, size_t n_key,
	     unsigned char key_out[LIST_KEY_MAX_BYTES], struct error *err) MUST_CHECK;

/* The keys of all items of the list 'name', without those that are there twice; the caller frees
 * them. -EINVAL, -E2BIG likewise, and for more than PROGRAM_LIST_MAX_ITEMS. */
int list_keys(enum list_kind kind, const char *name, const json_t *items, size_t n_key,
	      unsigned char **keys_out, size_t *n_out, struct error *err) MUST_CHECK;
bool list_has(const unsigned char *keys, size_t n, size_t n_key, const void *key);
