#include "diagnosis/wish.h"

#include <stdlib.h>
#include <string.h>

#include "diagnosis/question.h"

#define POINTER_BYTES 64

/* Texts, and some. */
static bool is_group(const json_t *group)
{
	const json_t *word;
	size_t i;

	json_array_foreach(group, i, word) if (!json_is_string(word) ||
					       !json_string_length(word)) return false;
	return json_array_size(group) > 0;
}

static int parse(const struct yaml *file, const char *pointer, const json_t *item,
		 struct wish *wish, struct error *err)
{
	const json_t *group;
	size_t i;

	*wish = (struct wish) {
		.when = json_object_get(item, "when"),
		.inquiry = { json_get_text(item, "tool", NULL), json_object_get(item, "args") },
	};
	if (!wish->inquiry.tool || !json_is_object(wish->inquiry.args) ||
	    !json_array_size(wish->when) || json_object_size(item) != 3)
		return yaml_error(file, err, pointer,
				  "expected 'when', a list of lists of words, 'tool' and 'args'");
	json_array_foreach(wish->when, i, group) if (!is_group(group)) return yaml_error(
		file, err, pointer, "each group of 'when' must be a list of words");
	return 0;
}

int wishes_parse(const struct yaml *file, struct wish **wishes_out, size_t *n_out,
		 struct error *err)
{
	const json_t *list = json_object_get(file->root, "asked");
	size_t n = json_array_size(list);
	struct wish *wishes;

	if ((list && !json_is_array(list)) || n > WISH_MAX)
		return yaml_error(file, err, "/asked", "expected a list of at most %d", WISH_MAX);
	wishes = calloc(n + 1, sizeof(*wishes));
	if (!wishes)
		abort();
	for (size_t i = 0; i < n; i++) {
		char pointer[POINTER_BYTES];
		int r;

		(void)snprintf(pointer, sizeof(pointer), "/asked/%zu", i);
		r = parse(file, pointer, json_array_get(list, i), &wishes[i], err);
		if (r < 0) {
			free(wishes);
			return r;
		}
	}
	*wishes_out = wishes;
	*n_out = n;
	return 0;
}

/* Of words that the question has, 0 unless each group has one. */
static size_t count(const struct wish *wish, const json_t *asked)
{
	const json_t *group;
	size_t i, n = 0;

	json_array_foreach(wish->when, i, group)
	{
		size_t n_words = question_count_words(asked, group);

		if (!n_words)
			return 0;
		n += n_words;
	}
	return n;
}

const struct wish *wish_of(const struct knowledge *knowledge, const json_t *asked)
{
	const struct wish *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < knowledge->n_wishes; i++) {
		const struct wish *wish = &knowledge->wishes[i];
		size_t n = count(wish, asked), n_groups = json_array_size(wish->when);

		if (!n || (best && n_groups < json_array_size(best->when)) ||
		    (best && n_groups == json_array_size(best->when) && n <= most))
			continue;
		best = wish;
		most = n;
	}
	return best;
}
