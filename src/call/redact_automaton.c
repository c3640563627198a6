/* Aho-Corasick over the patterns' anchors, letters folded to lower case. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "call/redact_internal.h"

static void *allocate(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	if (!memory)
		abort();
	return memory;
}

/* Bytes that no anchor has are one class, so that the table stays in the cache. */
static void make_classes(struct automaton *automaton, const struct pattern *patterns, size_t n)
{
	unsigned n_classes = 1;

	for (size_t i = 0; i < n; i++) {
		for (const char *at = patterns[i].anchor; *at; at++) {
			unsigned char c = (unsigned char)*at;

			if (!automaton->classes[c])
				automaton->classes[c] = (uint8_t)n_classes++;
		}
	}
	for (int c = 'A'; c <= 'Z'; c++)
		automaton->classes[c] = automaton->classes[c + 'a' - 'A'];
	while (1u << automaton->class_bits < n_classes)
		automaton->class_bits++;
}

static uint16_t *edge(const struct automaton *automaton, unsigned state, unsigned class)
{
	return &automaton->next[state << automaton->class_bits | class];
}

static void add_anchor(struct automaton *automaton, const char *anchor, size_t index)
{
	unsigned state = 0;

	for (; *anchor; anchor++) {
		uint16_t *to = edge(automaton, state, automaton->classes[(unsigned char)*anchor]);

		if (!*to)
			*to = (uint16_t)automaton->n_states++;
		state = *to;
	}
	assert(!automaton->out[state]); /* two patterns of one anchor */
	automaton->out[state] = (uint16_t)(index + 1);
}

/* Breadth first: a state's fallback is always shorter, so it is already whole. */
static void add_fallbacks(struct automaton *automaton)
{
	uint16_t *queue = allocate(automaton->n_states, sizeof(*queue));
	uint16_t *fallback = allocate(automaton->n_states, sizeof(*fallback));
	unsigned n = 1, n_classes = 1u << automaton->class_bits;

	for (unsigned i = 0; i < n; i++) {
		unsigned state = queue[i], shorter = fallback[state];

		automaton->fallback_out[state] = automaton->out[shorter]
							 ? (uint16_t)shorter
							 : automaton->fallback_out[shorter];
		for (unsigned class = 0; class < n_classes; class ++) {
			uint16_t *to = edge(automaton, state, class);
			uint16_t other = state ? *edge(automaton, shorter, class) : 0;

			if (*to) {
				fallback[*to] = other;
				queue[n++] = *to;
			} else {
				*to = other;
			}
		}
	}
	free(queue);
	free(fallback);
}

/* So that the scan asks one table a byte. */
static void mark_hits(struct automaton *automaton)
{
	size_t n = (size_t)automaton->n_states << automaton->class_bits;

	for (size_t i = 0; i < n; i++) {
		unsigned to = automaton->next[i];

		if (automaton->out[to] || automaton->fallback_out[to])
			automaton->next[i] |= AUTOMATON_HIT;
	}
}

void automaton_init(struct automaton *automaton, const struct pattern *patterns, size_t n)
{
	size_t max = 1;

	*automaton = (struct automaton) { .n_states = 1 };
	for (size_t i = 0; i < n; i++)
		max += strlen(patterns[i].anchor);
	assert(max < AUTOMATON_HIT && n < UINT16_MAX);
	make_classes(automaton, patterns, n);
	automaton->next = allocate(max << automaton->class_bits, sizeof(uint16_t));
	automaton->out = allocate(max, sizeof(uint16_t));
	automaton->fallback_out = allocate(max, sizeof(uint16_t));
	for (size_t i = 0; i < n; i++)
		add_anchor(automaton, patterns[i].anchor, i);
	add_fallbacks(automaton);
	mark_hits(automaton);
}

void automaton_finish(struct automaton *automaton)
{
	free(automaton->next);
	free(automaton->out);
	free(automaton->fallback_out);
	*automaton = (struct automaton) { 0 };
}
