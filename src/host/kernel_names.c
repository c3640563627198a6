#include "host/kernel_names.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"

#define NAME_BYTES 64
#define FURTHEST_BYTES MIB /* no function is as long: beyond the last one is none */

struct wanted {
	uint64_t address;
	uint64_t begin; /* of the function that begins last before it, so far; 0: none */
	char name[NAME_BYTES];
};

struct wanted_list {
	struct wanted *at;
	size_t n;
};

static void wanted_list_cleanup(struct wanted_list *list)
{
	free(list->at);
}

static int compare(const void *left, const void *right)
{
	const struct wanted *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static void collect(const json_t *addresses, struct wanted_list *list)
{
	const char *key;
	json_t *value;

	list->at = calloc(KERNEL_NAMES_MAX, sizeof(*list->at));
	if (!list->at)
		abort();
	json_object_foreach((json_t *)(uintptr_t)addresses, key, value)
	{
		char *end;
		uint64_t address = strtoull(key, &end, 16);

		if (list->n < KERNEL_NAMES_MAX && !*end && address)
			list->at[list->n++].address = address;
	}
	qsort(list->at, list->n, sizeof(*list->at), compare);
}

/* Only the first address from the function on need hear of it: those behind it ask back. */
static void offer(struct wanted_list *list, uint64_t begin, struct str name)
{
	size_t low = 0, high = list->n;
	struct wanted *wanted;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->at[middle].address < begin)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == list->n || list->at[low].begin >= begin)
		return;
	wanted = &list->at[low];
	wanted->begin = begin;
	text_format(wanted->name, sizeof(wanted->name), "%.*s", (int)name.len, name.data);
}

/* "ffffffff81000000 T _text	[module]" */
static bool read_line(const char *at, struct wanted_list *list)
{
	uint64_t address;
	struct str kind, name;

	if (!scan_hex(&at, &address) || !scan_word(&at, &kind) || !scan_word(&at, &name))
		return false;
	if (address && kind.len == 1 && strchr("tTwW", kind.data[0]))
		offer(list, address, name);
	return address != 0;
}

static int read_names(const struct host *host, struct wanted_list *list, struct error *err)
{
	int fd = host_open(host, "proc/kallsyms", O_RDONLY);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
	bool has_addresses = false;
	char line[512];

	if (!file)
		return error_set(err, fd < 0 ? fd : -errno, "the kernel's names cannot be read");
	while (fgets(line, sizeof(line), file))
		has_addresses |= read_line(line, list);
	(void)fclose(file);
	return has_addresses ? 0 : error_set(err, -EPERM, "the kernel hides its addresses");
}

static json_t *told(const struct wanted_list *list)
{
	const struct wanted *last = NULL;
	json_t *names = json_object();

	for (size_t i = 0; i < list->n; i++) {
		const struct wanted *wanted = &list->at[i];
		char key[32], text[NAME_BYTES + 32];

		if (wanted->begin)
			last = wanted;
		if (!last || wanted->address - last->begin > FURTHEST_BYTES)
			continue;
		text_format(key, sizeof(key), "0x%" PRIx64, wanted->address);
		text_format(text, sizeof(text), "%s+0x%" PRIx64, last->name,
			    wanted->address - last->begin);
		json_put(names, key, json_text(text, strlen(text)));
	}
	return json_pack("{s:o}", "names", names);
}

json_t *kernel_names_json(const struct host *host, const json_t *addresses, struct error *err)
{
	CLEANUP(wanted_list) struct wanted_list list = { 0 };

	collect(addresses, &list);
	return read_names(host, &list, err) == 0 ? told(&list) : NULL;
}
