#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/scan.h"
#include "kernel/program/load/list_key.h"
#include "kernel/program/program.h"

#define PREFIX_BYTES sizeof(uint32_t)
#define ADDRESS_BYTES 16
#define MAPPED_BITS 96

static const char *const kinds[LIST_N_KINDS] = {
	[LIST_NETWORKS] = "networks",
	[LIST_PATHS] = "paths",
	[LIST_DEVICES] = "devices",
};

enum list_kind list_kind_find(const char *name)
{
	enum list_kind kind = 0;

	while (kind < LIST_N_KINDS && strcmp(kinds[kind], name) != 0)
		kind++;
	return kind;
}

static bool key_fits(enum list_kind kind, size_t n_key)
{
	switch (kind) {
	case LIST_NETWORKS:
		return n_key == PREFIX_BYTES + ADDRESS_BYTES;
	case LIST_PATHS:
		return n_key > PREFIX_BYTES + 1 && n_key <= LIST_KEY_MAX_BYTES;
	case LIST_DEVICES:
		return n_key == 3 * sizeof(uint32_t);
	default:
		return false;
	}
}

bool list_fits(enum list_kind kind, uint32_t type, size_t n_key, size_t n_value)
{
	uint32_t wanted = kind == LIST_DEVICES ? BPF_MAP_TYPE_HASH : BPF_MAP_TYPE_LPM_TRIE;

	return type == wanted && key_fits(kind, n_key) && n_value <= LIST_VALUE_MAX_BYTES;
}

static int not_one(const char *item, const char *what, struct error *err)
{
	return error_set(err, -EINVAL, "'%.80s' is no %s", item, what);
}

static int network_key(const char *item, unsigned char *key, struct error *err)
{
	const char *slash = strchr(item, '/'), *at = slash ? slash + 1 : "";
	unsigned char *address = key + PREFIX_BYTES;
	uint64_t bits = 8 * ADDRESS_BYTES, most = bits;
	uint32_t prefix;
	char text[INET6_ADDRSTRLEN];

	text_format(text, sizeof(text), "%.*s", slash ? (int)(slash - item) : (int)strlen(item),
		    item);
	if (inet_pton(AF_INET, text, address + 12) == 1) {
		address[10] = address[11] = 0xff;
		most = bits = 32;
	} else if (inet_pton(AF_INET6, text, address) != 1) {
		return not_one(item, "network such as 10.0.0.0/8 or 2001:db8::/32", err);
	}
	if (slash && (!scan_u64(&at, &bits) || *at || bits > most))
		return not_one(item, "network: after the '/' comes how many bits it has", err);
	prefix = (uint32_t)(most == 32 ? bits + MAPPED_BITS : bits);
	memcpy(key, &prefix, sizeof(prefix));
	/* One network has one key: what is after its bits does not count. */
	for (uint32_t bit = prefix; bit < 8 * ADDRESS_BYTES; bit++)
		address[bit / 8] &= (unsigned char)~(0x80 >> bit % 8);
	return 0;
}

static int path_key(const char *item, size_t n_key, unsigned char *key, struct error *err)
{
	size_t len = strlen(item), n_text = len && item[len - 1] == '/' ? len : len + 1;
	uint32_t bits = (uint32_t)(8 * n_text);

	if (item[0] != '/' || strstr(item, "//") || strstr(item, "/../") || strstr(item, "/./"))
		return not_one(item, "path from the root, without '.' and '..'", err);
	if (n_text > n_key - PREFIX_BYTES)
		return error_set(err, -E2BIG,
				 "the path '%.80s' is longer than the program has "
				 "room for (%zu bytes)",
				 item, n_key - PREFIX_BYTES - 1);
	memcpy(key, &bits, sizeof(bits));
	memcpy(key + PREFIX_BYTES, item, len);
	return 0;
}

static bool take_number(const char **at, char before, uint32_t *value_out)
{
	uint64_t value = UINT32_MAX;

	if (*(*at)++ != before)
		return false;
	if (**at == '*')
		++*at;
	else if (!scan_u64(at, &value) || value >= UINT32_MAX)
		return false;
	*value_out = (uint32_t)value;
	return true;
}

static int device_key(const char *item, unsigned char *key, struct error *err)
{
	const char *at = item + 1;
	uint32_t parts[3] = { item[0] == 'b' };

	if ((item[0] != 'b' && item[0] != 'c') || !take_number(&at, ':', &parts[1]) ||
	    !take_number(&at, ':', &parts[2]) || *at)
		return not_one(item, "device such as c:1:3 or b:8:*", err);
	memcpy(key, parts, sizeof(parts));
	return 0;
}

int list_key(enum list_kind kind, const char *item, size_t n_key,
	     unsigned char key_out[LIST_KEY_MAX_BYTES], struct error *err)
{
	memset(key_out, 0, LIST_KEY_MAX_BYTES);
	switch (kind) {
	case LIST_NETWORKS:
		return network_key(item, key_out, err);
	case LIST_PATHS:
		return path_key(item, n_key, key_out, err);
	default:
		return device_key(item, key_out, err);
	}
}

bool list_has(const unsigned char *keys, size_t n, size_t n_key, const void *key)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(keys + i * n_key, key, n_key) == 0)
			return true;
	return false;
}

static int read_keys(enum list_kind kind, const char *name, const json_t *items, size_t n_key,
		     unsigned char *keys, size_t *n, struct error *err)
{
	unsigned char key[LIST_KEY_MAX_BYTES];
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		if (!json_is_string(item))
			return error_set(err, -EINVAL, "the list '%s' is one of texts", name);
		if (list_key(kind, json_string_value(item), n_key, key, err) < 0)
			return error_wrap(err, "the list '%s'", name);
		if (!list_has(keys, *n, n_key, key))
			memcpy(keys + (*n)++ * n_key, key, n_key);
	}
	return 0;
}

int list_keys(enum list_kind kind, const char *name, const json_t *items, size_t n_key,
	      unsigned char **keys_out, size_t *n_out, struct error *err)
{
	unsigned char *keys;
	size_t n = 0;

	if (json_array_size(items) > PROGRAM_LIST_MAX_ITEMS)
		return error_set(err, -E2BIG, "the list '%s' has %zu items, of %d at most", name,
				 json_array_size(items), PROGRAM_LIST_MAX_ITEMS);
	keys = calloc(json_array_size(items) + 1, n_key);
	if (!keys)
		abort();
	if (read_keys(kind, name, items, n_key, keys, &n, err) < 0) {
		free(keys);
		return err->code;
	}
	*keys_out = keys;
	*n_out = n;
	return 0;
}
