#include "server/notify/kind.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call/schema.h"

const struct kind *const kinds[KINDS_N] = { &kind_mail, &kind_pagerduty, &kind_slack, &kind_teams,
					    &kind_webhook };

const struct kind *kind_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

static int check_schema(const char *schema, const json_t *value, const char *what,
			struct error *err)
{
	CLEANUP(json) json_t *parsed = json_loads(schema, 0, NULL);

	if (!parsed)
		abort();
	return schema_check(parsed, value, err) < 0 ? error_wrap(err, "%s", what) : 0;
}

int kind_check(const struct kind *kind, const json_t *config, const json_t *secret,
	       struct error *err)
{
	struct error secret_err = { 0 };

	if (check_schema(kind->config_schema, config, "config", err) < 0)
		return err->code;
	/* Its sentence may quote what it judges. */
	if (check_schema(kind->secret_schema, secret, "secret", &secret_err) < 0)
		return error_set(err, -EINVAL,
				 "the secret of a destination of kind %s must satisfy %s",
				 kind->name, kind->secret_schema);
	return kind->check ? kind->check(config, secret, err) : 0;
}

void letter_finish(struct letter *letter)
{
	free(letter->body);
	explicit_bzero(letter, sizeof(*letter));
}

void letter_add(struct letter *letter, const char *name, const char *format, ...)
{
	struct letter_header *header = &letter->headers[letter->n_headers];
	va_list args;

	if (letter->n_headers == LETTER_MAX_HEADERS)
		abort();
	letter->n_headers++;
	header->name = name;
	va_start(args, format);
	(void)vsnprintf(header->value, sizeof(header->value), format, args);
	va_end(args);
	header->value[strcspn(header->value, "\r\n")] = '\0';
}

void letter_set_body(struct letter *letter, json_t *body)
{
	letter->body = json_dumps(body, JSON_COMPACT);
	if (!letter->body)
		abort();
	json_decref(body);
}

void letter_set_url(struct letter *letter, const char *base, const char *path)
{
	text_format(letter->url, sizeof(letter->url), "%s%s", base, path);
}

json_t *attempt_answer(const struct attempt *attempt)
{
	struct error ignored = { 0 };
	json_t *answer = json_parse(buf_text(&attempt->answer), attempt->answer.len,
				    ATTEMPT_ANSWER_MAX_BYTES, &ignored);

	if (json_is_object(answer))
		return answer;
	json_decref(answer);
	return NULL;
}

bool attempt_is(const struct attempt *attempt, const char *part)
{
	return strcmp(attempt->part, part) == 0;
}
