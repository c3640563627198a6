#include "call/redact.h"

#include <stdlib.h>
#include <string.h>

#include "call/redact_internal.h"

#define MAX_COMMANDS 4

struct redactor *redactor_new(void)
{
	struct redactor *redactor = calloc(1, sizeof(*redactor));

	if (!redactor)
		abort();
	redactor->automaton = &redact_automaton;
	return redactor;
}

void redactor_free(struct redactor *redactor)
{
	free(redactor);
}

static bool try_pattern(const struct text *text, const struct pattern *pattern, size_t end,
			struct span *span_out)
{
	size_t len = pattern->n_anchor, at = end - len;

	if (end < len || at < text->done)
		return false;
	if (pattern->exact && memcmp(text->data + at, pattern->exact, len) != 0)
		return false;
	return pattern->match(text, pattern, at, span_out) && span_out->start >= text->done &&
	       span_out->end > span_out->start && span_out->end <= text->len;
}

/*
 * Where a search stands, and the commands it is in: their options may hold several
 * secrets each, and what stands before one of those is searched first.
 */
struct search {
	size_t at;
	struct {
		const struct pattern *pattern;
		size_t at;
	} commands[MAX_COMMANDS]; /* the latest first */
	size_t n_commands;
	struct span next; /* of the commands' secrets; only if has_next */
	bool has_next;
};

static void find_next(const struct text *text, struct search *search)
{
	size_t kept = 0;

	search->has_next = false;
	for (size_t i = 0; i < search->n_commands; i++) {
		const struct pattern *pattern = search->commands[i].pattern;
		struct span span;

		if (!pattern->match(text, pattern, search->commands[i].at, &span))
			continue;
		search->commands[kept++] = search->commands[i];
		if (!search->has_next || span.start < search->next.start)
			search->next = span;
		search->has_next = true;
	}
	search->n_commands = kept;
}

static void add_command(const struct text *text, struct search *search,
			const struct pattern *pattern)
{
	if (search->n_commands == MAX_COMMANDS)
		search->n_commands--;
	memmove(search->commands + 1, search->commands,
		search->n_commands * sizeof(*search->commands));
	search->commands[0].pattern = pattern;
	search->commands[0].at = search->at - pattern->n_anchor;
	search->n_commands++;
	find_next(text, search);
}

/* The longest anchor that ends here first: it knows most. */
static bool try_patterns(const struct automaton *automaton, const struct text *text, unsigned state,
			 struct search *search, struct span *span_out)
{
	if (!automaton->out[state])
		state = automaton->fallback_out[state];
	for (; state; state = automaton->fallback_out[state]) {
		const struct pattern *pattern = &redact_patterns[automaton->out[state] - 1];

		if (!try_pattern(text, pattern, search->at, span_out))
			continue;
		if (pattern->match != match_command)
			return true;
		add_command(text, search, pattern);
	}
	return false;
}

/* The next secret of the text; false if there is none. */
static bool find_secret(const struct automaton *automaton, const struct text *text,
			struct search *search, struct span *span_out)
{
	unsigned state = 0;

	find_next(text, search);
	while (search->at < text->len) {
		if (search->has_next && search->at >= search->next.start) {
			*span_out = search->next;
			search->at = span_out->end;
			return true;
		}
		state = automaton_step(automaton, state, text->data[search->at++]);
		if (!(state & AUTOMATON_HIT))
			continue;
		if (try_patterns(automaton, text, state & ~AUTOMATON_HIT, search, span_out)) {
			search->at = span_out->end;
			return true;
		}
	}
	return false;
}

static void add_mark(struct buf *out, const char *kind)
{
	buf_add_text(out, "[redacted:");
	buf_add_text(out, kind);
	buf_add_text(out, "]");
}

size_t redact_text(struct redactor *redactor, const char *data, size_t len, struct buf *out)
{
	struct text text = { data, len, 0 };
	struct search search = { 0 };
	struct span span;
	size_t n = 0;

	while (find_secret(redactor->automaton, &text, &search, &span)) {
		buf_add(out, data + text.done, span.start - text.done);
		add_mark(out, span.kind);
		text.done = span.end;
		n++;
	}
	buf_add(out, data + text.done, len - text.done);
	return n;
}

bool redact_has_secret(const struct redactor *redactor, const char *data, size_t len)
{
	const struct text text = { data, len, 0 };
	struct search search = { 0 };
	struct span span;

	return find_secret(redactor->automaton, &text, &search, &span);
}
