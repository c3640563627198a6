/*
 * Prints redact_automaton as C, at build time: Aho-Corasick over the patterns' anchors,
 * letters folded to lower case.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call/redact_internal.h"

struct draft {
	uint16_t *next, *out, *fallback_out;
	uint8_t classes[256];
	unsigned class_bits;
	unsigned n_states;
};

static void *allocate(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	if (!memory)
		abort();
	return memory;
}

/* Bytes that no anchor has are one class, so that the table stays in the cache. */
static void make_classes(struct draft *draft)
{
	unsigned n_classes = 1;

	for (size_t i = 0; i < redact_n_patterns; i++) {
		for (const char *at = redact_patterns[i].anchor; *at; at++) {
			unsigned char c = (unsigned char)*at;

			if (!draft->classes[c])
				draft->classes[c] = (uint8_t)n_classes++;
		}
	}
	for (int c = 'A'; c <= 'Z'; c++)
		draft->classes[c] = draft->classes[c + 'a' - 'A'];
	while (1u << draft->class_bits < n_classes)
		draft->class_bits++;
}

static uint16_t *edge(const struct draft *draft, unsigned state, unsigned class)
{
	return &draft->next[state << draft->class_bits | class];
}

static void add_anchor(struct draft *draft, const char *anchor, size_t index)
{
	unsigned state = 0;

	for (; *anchor; anchor++) {
		uint16_t *to = edge(draft, state, draft->classes[(unsigned char)*anchor]);

		if (!*to)
			*to = (uint16_t)draft->n_states++;
		state = *to;
	}
	assert(!draft->out[state]); /* two patterns of one anchor */
	draft->out[state] = (uint16_t)(index + 1);
}

/* Breadth first: a state's fallback is always shorter, so it is already whole. */
static void add_fallbacks(struct draft *draft)
{
	uint16_t *queue = allocate(draft->n_states, sizeof(*queue));
	uint16_t *fallback = allocate(draft->n_states, sizeof(*fallback));
	unsigned n = 1, n_classes = 1u << draft->class_bits;

	for (unsigned i = 0; i < n; i++) {
		unsigned state = queue[i], shorter = fallback[state];

		draft->fallback_out[state] =
			draft->out[shorter] ? (uint16_t)shorter : draft->fallback_out[shorter];
		for (unsigned class = 0; class < n_classes; class ++) {
			uint16_t *to = edge(draft, state, class);
			uint16_t other = state ? *edge(draft, shorter, class) : 0;

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
static void mark_hits(struct draft *draft)
{
	size_t n = (size_t)draft->n_states << draft->class_bits;

	for (size_t i = 0; i < n; i++) {
		unsigned to = draft->next[i];

		if (draft->out[to] || draft->fallback_out[to])
			draft->next[i] |= AUTOMATON_HIT;
	}
}

static void init(struct draft *draft)
{
	size_t max = 1;

	*draft = (struct draft) { .n_states = 1 };
	for (size_t i = 0; i < redact_n_patterns; i++)
		max += redact_patterns[i].n_anchor;
	assert(max < AUTOMATON_HIT && redact_n_patterns < UINT16_MAX);
	make_classes(draft);
	draft->next = allocate(max << draft->class_bits, sizeof(uint16_t));
	draft->out = allocate(max, sizeof(uint16_t));
	draft->fallback_out = allocate(max, sizeof(uint16_t));
	for (size_t i = 0; i < redact_n_patterns; i++)
		add_anchor(draft, redact_patterns[i].anchor, i);
	add_fallbacks(draft);
	mark_hits(draft);
}

static void finish(struct draft *draft)
{
	free(draft->next);
	free(draft->out);
	free(draft->fallback_out);
}

static void print_table(const char *name, const uint16_t *table, size_t n)
{
	printf("static const uint16_t %s[] = {", name);
	for (size_t i = 0; i < n; i++)
		printf("%s%u,", i % 16 ? " " : "\n\t", table[i]);
	printf("\n};\n\n");
}

int main(void)
{
	struct draft draft;

	init(&draft);
	printf("#include \"call/redact_internal.h\"\n\n");
	print_table("next", draft.next, (size_t)draft.n_states << draft.class_bits);
	print_table("out", draft.out, draft.n_states);
	print_table("fallback_out", draft.fallback_out, draft.n_states);
	printf("const struct automaton redact_automaton = {\n"
	       "\t.next = next,\n\t.out = out,\n\t.fallback_out = fallback_out,\n"
	       "\t.class_bits = %u,\n\t.classes = {",
	       draft.class_bits);
	for (size_t i = 0; i < sizeof(draft.classes); i++)
		printf("%s%u,", i % 16 ? " " : "\n\t\t", draft.classes[i]);
	printf("\n\t},\n};\n");
	finish(&draft);
	return fflush(stdout) == 0 ? 0 : 1;
}
