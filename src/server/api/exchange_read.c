/* What came in, held against the route's schemas. */
#include <string.h>

#include "base/clock.h"
#include "call/schema.h"
#include "server/api/exchange_internal.h"

#define FORM_TYPE "application/x-www-form-urlencoded"

static bool is_integer(const json_t *schema, const char *name)
{
	const json_t *member = json_object_get(json_object_get(schema, "properties"), name);

	return strcmp(json_get_text(member, "type", ""), "integer") == 0;
}

/* Queries and forms know text only; the schema says what is a number. */
static json_t *value_of(const json_t *schema, const struct http_field *field)
{
	const char *at = field->value;
	int64_t number;

	if (is_integer(schema, field->name) && scan_i64(&at, &number) && !*at)
		return json_integer(number);
	return json_text(field->value, strlen(field->value));
}

static json_t *read_form(const json_t *schema, const struct http_form *form, struct error *err)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < form->n_fields; i++) {
		const struct http_field *field = &form->fields[i];

		if (json_object_get(object, field->name)) {
			json_decref(object);
			(void)error_set(err, -1, "'%.64s' is given twice", field->name);
			return NULL;
		}
		/* A name that is not UTF-8 is nobody's. */
		if (json_object_set_new(object, field->name, value_of(schema, field)) < 0) {
			json_decref(object);
			(void)error_set(err, -1, "a name in the form is not UTF-8");
			return NULL;
		}
	}
	return object;
}

static json_t *read_body(const struct exchange *exchange, struct error *err)
{
	const struct http_request *http = exchange->http;
	const char *type = http_request_field(http, "content-type");
	CLEANUP(http_form) struct http_form form = { 0 };

	if (type && strncasecmp(type, FORM_TYPE, strlen(FORM_TYPE)) == 0 &&
	    exchange->entry->route->flags & ROUTE_FORM) {
		if (http_form_parse((struct str) { http->body, http->n_body }, &form, err) < 0)
			return NULL;
		return read_form(exchange->entry->request, &form, err);
	}
	if (http->n_body == 0)
		return json_object();
	return json_parse(http->body, http->n_body, http->n_body, err);
}

static bool refuse(struct exchange *exchange, const char *what, const struct error *err)
{
	exchange_refuse(exchange, 400, "bad_request", "%s: %s", what, err->text);
	return false;
}

bool exchange_read(struct exchange *exchange)
{
	const struct router_entry *entry = exchange->entry;
	struct error err = { 0 };

	if (entry->query) {
		if (!exchange->within)
			exchange->query = read_form(entry->query, exchange->http->form, &err);
		if (!exchange->query || schema_check(entry->query, exchange->query, &err) < 0)
			return refuse(exchange, "the query", &err);
		schema_add_defaults(entry->query, exchange->query);
	}
	if (entry->request) {
		if (!exchange->within)
			exchange->body = read_body(exchange, &err);
		if (!exchange->body || schema_check(entry->request, exchange->body, &err) < 0)
			return refuse(exchange, "the body", &err);
		schema_add_defaults(entry->request, exchange->body);
	}
	return true;
}

const char *exchange_member(const struct exchange *exchange, const char *name,
			    const char *otherwise)
{
	return json_get_text(exchange->body, name, otherwise);
}
