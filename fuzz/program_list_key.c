/* Items of a list that are anything: a key that its map can hold, or refused with a sentence. */
#include "harness.h"

#include <assert.h>
#include <linux/bpf.h>
#include <string.h>

#include "kernel/program/load/list_key.h"

#define ITEM_BYTES 600

static void check_prefix(const unsigned char *key, size_t n_key)
{
	uint32_t bits;

	memcpy(&bits, key, sizeof(bits));
	assert(bits <= 8 * (n_key - sizeof(bits)));
}

static void check(enum list_kind kind, const char *item, size_t n_key)
{
	unsigned char key[LIST_KEY_MAX_BYTES + 1];
	uint32_t type = kind == LIST_DEVICES ? BPF_MAP_TYPE_HASH : BPF_MAP_TYPE_LPM_TRIE;
	struct error err = { 0 };

	if (!list_fits(kind, type, n_key, sizeof(uint64_t)))
		return;
	assert(n_key <= LIST_KEY_MAX_BYTES);
	memset(key, 0xaa, sizeof(key));
	if (list_key(kind, item, n_key, key, &err) < 0) {
		assert(err.code < 0 && err.text[0]);
		return;
	}
	assert(key[LIST_KEY_MAX_BYTES] == 0xaa);
	if (kind != LIST_DEVICES)
		check_prefix(key, n_key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t sizes[LIST_N_KINDS] = { 20, LIST_KEY_MAX_BYTES, 12 };
	char item[ITEM_BYTES];
	size_t n_key;

	if (size < 2)
		return 0;
	n_key = (size_t)data[0] + data[1];
	size = size - 2 < sizeof(item) ? size - 2 : sizeof(item) - 1;
	memcpy(item, data + 2, size);
	item[size] = '\0';
	for (enum list_kind kind = 0; kind < LIST_N_KINDS; kind++) {
		check(kind, item, sizes[kind]);
		check(kind, item, n_key);
	}
	return 0;
}
