#include "kernel/program/life/drops.h"

#include <stdlib.h>
#include <string.h>

#include "base/scan.h"

#define NAME_BYTES 16      /* IFNAMSIZ */
#define RECEIVED_DROPPED 3 /* of the numbers of an interface */
#define SENT_DROPPED 11

struct drops_interface {
	char name[NAME_BYTES];
	uint64_t n;
};

/* "  eth0: 1 2 3 ...": false for a line that is none, as the head of the table. */
static bool take_interface(struct str line, struct drops_interface *out)
{
	const char *colon = memchr(line.data, ':', line.len), *at = colon ? colon + 1 : NULL;
	struct str name = { line.data, colon ? (size_t)(colon - line.data) : 0 };
	uint64_t number;

	while (name.len && *name.data == ' ') {
		name.data++;
		name.len--;
	}
	if (!name.len || name.len >= NAME_BYTES)
		return false;
	str_copy(name, out->name, sizeof(out->name));
	out->n = 0;
	for (int i = 0; i <= SENT_DROPPED; i++) {
		if (!scan_u64(&at, &number))
			return false;
		if (i == RECEIVED_DROPPED || i == SENT_DROPPED)
			out->n += number;
	}
	return true;
}

/* The order seldom changes: it is looked for from where the last one was. */
static const struct drops_interface *find(const struct drops *drops, const char *name, size_t *at)
{
	for (size_t i = 0; i < drops->n; i++) {
		size_t number = (*at + i) % drops->n;

		if (strcmp(drops->interfaces[number].name, name) == 0) {
			*at = number + 1;
			return &drops->interfaces[number];
		}
	}
	return NULL;
}

void drops_note(struct drops *drops, const char *text)
{
	struct drops_interface *now = calloc(DROPS_MAX_INTERFACES, sizeof(*now));
	const struct drops_interface *then;
	struct str line;
	size_t n = 0, at = 0;

	if (!now)
		abort();
	while (n < DROPS_MAX_INTERFACES && scan_line(&text, &line)) {
		if (!take_interface(line, &now[n]))
			continue;
		then = find(drops, now[n].name, &at);
		if (!drops->is_begun)
			drops->total += now[n].n;
		else if (then && now[n].n > then->n)
			drops->total += now[n].n - then->n;
		n++;
	}
	free(drops->interfaces);
	drops->interfaces = n ? realloc(now, n * sizeof(*now)) : NULL;
	if (!n)
		free(now);
	else if (!drops->interfaces)
		abort();
	drops->n = n;
	drops->is_begun = true;
}

void drops_finish(struct drops *drops)
{
	free(drops->interfaces);
	*drops = (struct drops) { 0 };
}
