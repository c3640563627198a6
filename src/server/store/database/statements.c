#include "server/store/database/statements_internal.h"

#include <stdlib.h>
#include <string.h>

/* The texts are our own constants, and long: eight bytes at a time. */
static uint64_t hash_of(const char *sql)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325), word;
	size_t len = strlen(sql);

	for (; len >= sizeof(word); sql += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, sql, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	for (; len > 0; sql++, len--)
		hash = (hash ^ (unsigned char)*sql) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

static void *take(struct statement *place)
{
	void *prepared = place->prepared;

	free(place->sql);
	*place = (struct statement) { 0 };
	return prepared;
}

void *statements_find(const struct statements *statements, const char *sql)
{
	uint64_t hash = hash_of(sql);
	const struct statement *places = statements->places[hash % STATEMENTS_SETS];

	for (size_t i = 0; i < STATEMENTS_WAYS; i++)
		if (places[i].prepared && places[i].hash == hash && strcmp(places[i].sql, sql) == 0)
			return places[i].prepared;
	return NULL;
}

void *statements_add(struct statements *statements, const char *sql, void *prepared)
{
	uint64_t hash = hash_of(sql);
	uint8_t *next = &statements->next[hash % STATEMENTS_SETS];
	struct statement *place = &statements->places[hash % STATEMENTS_SETS][*next];
	void *old = take(place);

	*place = (struct statement) { prepared, hash, strdup(sql) };
	if (!place->sql)
		abort();
	*next = (uint8_t)((*next + 1) % STATEMENTS_WAYS);
	return old;
}

void *statements_take(struct statements *statements)
{
	for (size_t i = 0; i < STATEMENTS_SETS; i++)
		for (size_t n = 0; n < STATEMENTS_WAYS; n++)
			if (statements->places[i][n].prepared)
				return take(&statements->places[i][n]);
	return NULL;
}
