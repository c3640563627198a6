/* Words of questions, and of their answers. */
#include <stdlib.h>
#include <string.h>

#include "server/inquiry/appeal_internal.h"

json_t *appeal_words_of(const json_t *asked)
{
	const char *text = json_get_text(asked, "question", "");
	json_t *choices = json_array();
	const json_t *choice;
	size_t i;

	json_array_foreach(json_object_get(asked, "choices"), i, choice)
	{
		const char *label = json_string_value(choice);

		if (label && json_array_size(choices) < APPEAL_MAX_CHOICES)
			json_push(choices, json_text(label, strnlen(label, APPEAL_CHOICE_BYTES)));
	}
	return json_pack("{s:o, s:o}", "text", json_text(text, strnlen(text, APPEAL_TEXT_BYTES)),
			 "choices", choices);
}

void appeal_write_answers(const json_t *answers, struct buf *out)
{
	const char *name;
	json_t *answer;

	json_object_foreach((json_t *)(uintptr_t)answers, name, answer)
	{
		CLEANUP(text) char *other = NULL;
		const char *text = json_string_value(answer);

		if (!text)
			text = other = json_dumps(answer, JSON_ENCODE_ANY);
		buf_add_format(out, "%s%s: %s", out->len ? "\n" : "", name, text ? text : "");
	}
}
