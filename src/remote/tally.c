#include "remote/tally.h"

#include <ctype.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 512
#define VALUE_BYTES 96

void tally_init(struct tally *tally, size_t n_hosts)
{
	*tally = (struct tally) { .n_hosts = n_hosts, .most = TALLY_NOBODY };
	tally->entries = calloc(n_hosts + 1, sizeof(*tally->entries));
	if (!tally->entries)
		abort();
}

void tally_finish(struct tally *tally)
{
	free(tally->entries);
	tally->entries = NULL;
}

void tally_add(struct tally *tally, size_t host, const json_t *result)
{
	struct tally_entry *entry = &tally->entries[host];
	CLEANUP(text) char *text = json_canonical(result);

	entry->result = result;
	(void)SHA256((const unsigned char *)text, strlen(text), entry->digest);
	tally->n_results++;
}

static int compare(const void *one, const void *other)
{
	const struct tally_entry *a = one, *b = other;
	int order = memcmp(a->digest, b->digest, TALLY_DIGEST_BYTES);

	if (order != 0)
		return order;
	return a->host < b->host ? -1 : a->host > b->host;
}

/* A run of the same digest; its first entry is its earliest host. */
static void count_run(struct tally *tally, size_t first_host, size_t n)
{
	tally->n_variants++;
	if (n < 2 || n < tally->n_most || (n == tally->n_most && first_host > tally->most))
		return;
	tally->most = first_host;
	tally->n_most = n;
}

void tally_count(struct tally *tally)
{
	struct tally_entry *sorted = calloc(tally->n_results + 1, sizeof(*sorted));
	size_t n = 0, first = 0;

	if (!sorted)
		abort();
	for (size_t host = 0; host < tally->n_hosts; host++) {
		if (!tally->entries[host].result)
			continue;
		sorted[n] = tally->entries[host];
		sorted[n++].host = host;
	}
	qsort(sorted, n, sizeof(*sorted), compare);
	for (size_t i = 1; i <= n; i++) {
		if (i < n &&
		    memcmp(sorted[i].digest, sorted[first].digest, TALLY_DIGEST_BYTES) == 0)
			continue;
		count_run(tally, sorted[first].host, i - first);
		first = i;
	}
	free(sorted);
}

bool tally_differs(const struct tally *tally, size_t host)
{
	const struct tally_entry *entry = &tally->entries[host];

	return entry->result && tally->most != TALLY_NOBODY &&
	       memcmp(entry->digest, tally->entries[tally->most].digest, TALLY_DIGEST_BYTES) != 0;
}

/* --- where ------------------------------------------------------------------------- */

struct place {
	char path[PATH_BYTES]; /* as jq writes it */
	const json_t *is, *most;
};

static bool is_plain(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '_')
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && *name != '_')
			return false;
	return true;
}

static void add_member(struct place *place, const char *name)
{
	size_t len = strlen(place->path);
	CLEANUP(json) json_t *text = json_string(name);
	CLEANUP(text) char *quoted = NULL;

	if (is_plain(name)) {
		text_format(place->path + len, PATH_BYTES - len, ".%s", name);
		return;
	}
	quoted = json_dumps(text, JSON_ENCODE_ANY);
	text_format(place->path + len, PATH_BYTES - len, "[%s]", quoted ? quoted : "?");
}

static bool find(const json_t *is, const json_t *most, struct place *place);

static int compare_names(const void *one, const void *other)
{
	return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static size_t add_names(const json_t *object, const char **names, size_t n)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)(void)(names[n++] = name);
	return n;
}

static bool find_in_objects(const json_t *is, const json_t *most, struct place *place)
{
	size_t room = json_object_size(is) + json_object_size(most);
	const char **names = calloc(room + 1, sizeof(*names));
	size_t n, len = strlen(place->path);
	bool found = false;

	if (!names)
		abort();
	n = add_names(is, names, 0);
	n = add_names(most, names, n);
	qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 0; i < n && !found; i++) {
		if (i > 0 && strcmp(names[i], names[i - 1]) == 0)
			continue;
		place->path[len] = '\0';
		add_member(place, names[i]);
		found = find(json_object_get(is, names[i]), json_object_get(most, names[i]), place);
	}
	free(names);
	return found;
}

static bool find_in_arrays(const json_t *is, const json_t *most, struct place *place)
{
	size_t n_is = json_array_size(is), n_most = json_array_size(most);
	size_t n = n_is > n_most ? n_is : n_most, len = strlen(place->path);
	bool found = false;

	for (size_t i = 0; i < n && !found; i++) {
		text_format(place->path + len, PATH_BYTES - len, "[%zu]", i);
		found = find(json_array_get(is, i), json_array_get(most, i), place);
	}
	return found;
}

/* False, and the path means nothing, where both are the same. */
static bool find(const json_t *is, const json_t *most, struct place *place)
{
	if (json_is_object(is) && json_is_object(most))
		return find_in_objects(is, most, place);
	if (json_is_array(is) && json_is_array(most))
		return find_in_arrays(is, most, place);
	place->is = is;
	place->most = most;
	return !is != !most || !json_equal(is, most);
}

static json_t *value_text(const json_t *value)
{
	CLEANUP(text) char *text = NULL;
	char cut[VALUE_BYTES];

	if (!value)
		return json_null();
	text = json_canonical(value);
	text_format(cut, sizeof(cut), "%s", text);
	return json_text(cut, strlen(cut));
}

json_t *tally_find_difference(const json_t *is, const json_t *most)
{
	struct place place = { 0 };

	if (!find(is, most, &place))
		return NULL;
	return json_pack("{s:s, s:o, s:o}", "path", *place.path ? place.path : ".", "is",
			 value_text(place.is), "most", value_text(place.most));
}
