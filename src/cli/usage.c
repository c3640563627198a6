#include "cli/usage.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* While a form is read. */
struct reading {
	struct usage_form *form;
	const char *at, *end;
	unsigned place;
	bool is_alternative; /* behind a "|": in the place of what stood before it */
};

static bool is_bracket(char c)
{
	return c == '[' || c == ']' || c == '(' || c == ')';
}

bool usage_is_placeholder(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (islower((unsigned char)word.data[i]))
			return false;
	return true;
}

/* The next word or bracket, without moving on. */
static bool peek(const struct reading *reading, struct str *token_out)
{
	const char *at = reading->at;
	size_t len = 1;

	while (at < reading->end && *at == ' ')
		at++;
	if (at == reading->end)
		return false;
	if (!is_bracket(*at))
		while (at + len < reading->end && at[len] != ' ' && !is_bracket(at[len]))
			len++;
	*token_out = (struct str) { at, len };
	return true;
}

static bool take(struct reading *reading, struct str *token_out)
{
	if (!peek(reading, token_out))
		return false;
	reading->at = token_out->data + token_out->len;
	return true;
}

static struct usage_item *add(struct reading *reading)
{
	struct usage_form *form = reading->form;

	assert(form->n < USAGE_MAX_ITEMS);
	form->items[form->n] = (struct usage_item) { 0 };
	return &form->items[form->n++];
}

static void cut_dots(struct str *word, struct usage_item *item)
{
	item->repeats = word->len > 3 && memcmp(word->data + word->len - 3, "...", 3) == 0;
	if (item->repeats)
		word->len -= 3;
}

/* "--pin" or, for two names of one thing, "--pin|--fingerprint"; the value stands behind. */
static void take_option(struct reading *reading, struct str names)
{
	struct str name, next, value = { 0 };

	if (peek(reading, &next) && !is_bracket(*next.data) && !str_is(next, "|") &&
	    !str_starts(next, "--")) {
		(void)take(reading, &next);
		value = next;
	}
	while (usage_choice(&names, &name)) {
		struct usage_item *item = add(reading);

		item->option = name;
		item->value = value;
	}
}

static void take_word(struct reading *reading, struct str word)
{
	struct usage_item *item = add(reading);

	cut_dots(&word, item);
	item->value = word;
	if (reading->is_alternative)
		reading->place--;
	item->place = reading->place++;
}

static void take_all(struct reading *reading)
{
	struct str token;

	while (take(reading, &token)) {
		if (is_bracket(*token.data))
			continue;
		if (str_is(token, "|")) {
			reading->is_alternative = reading->place > 0;
			continue;
		}
		if (str_starts(token, "--"))
			take_option(reading, token);
		else
			take_word(reading, token);
		reading->is_alternative = false;
	}
}

bool usage_next(const char **at, struct usage_form *form_out)
{
	struct reading reading = { .form = form_out };
	struct str first;

	if (!**at)
		return false;
	form_out->n = 0;
	form_out->verb = (struct str) { 0 };
	(void)scan_line(at, &form_out->line);
	reading.at = form_out->line.data;
	reading.end = reading.at + form_out->line.len;
	if (peek(&reading, &first) && islower((unsigned char)*first.data)) {
		(void)take(&reading, &first);
		form_out->verb = first;
	}
	take_all(&reading);
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct str *left = a, *right = b;
	size_t len = left->len < right->len ? left->len : right->len;
	int order = memcmp(left->data, right->data, len);

	return order ? order : (left->len > right->len) - (left->len < right->len);
}

static bool has_option(const struct str *options, unsigned n, const struct str *option)
{
	for (unsigned i = 0; i < n; i++)
		if (compare(&options[i], option) == 0)
			return true;
	return false;
}

unsigned usage_options(const char *usage, struct str options_out[USAGE_MAX_OPTIONS])
{
	struct usage_form form;
	unsigned n = 0;

	while (usage_next(&usage, &form)) {
		for (unsigned i = 0; i < form.n; i++) {
			const struct str *option = &form.items[i].option;

			if (!option->len || has_option(options_out, n, option))
				continue;
			assert(n < USAGE_MAX_OPTIONS);
			options_out[n++] = *option;
		}
	}
	qsort(options_out, n, sizeof(*options_out), compare);
	return n;
}

bool usage_choice(struct str *choices, struct str *one_out)
{
	const char *bar;

	if (!choices->len)
		return false;
	bar = memchr(choices->data, '|', choices->len);
	one_out->data = choices->data;
	one_out->len = bar ? (size_t)(bar - choices->data) : choices->len;
	choices->data += one_out->len + (bar != NULL);
	choices->len -= one_out->len + (bar != NULL);
	return true;
}

bool usage_has(struct str choices, const char *word)
{
	struct str one;

	while (usage_choice(&choices, &one))
		if (str_is(one, word))
			return true;
	return false;
}
