#include <errno.h>
#include <string.h>

#include "base/encoding.h"
#include "identity/identity_internal.h"

static const char *text_at(const struct record_field *field, const void *from)
{
	return (const char *)from + field->at;
}

static uint64_t number_at(const struct record_field *field, const void *from)
{
	uint64_t number;

	memcpy(&number, (const char *)from + field->at, sizeof(number));
	return number;
}

json_t *record_format(const struct record *record, const void *from, struct error *err)
{
	CLEANUP(json) json_t *statement = json_object();

	json_put(statement, "domain", json_string(record->domain));
	for (const struct record_field *field = record->fields; field->name; field++) {
		bool is_good = field->size ? field->is(text_at(field, from))
					   : number_at(field, from) <= INT64_MAX;

		if (!is_good) {
			error_set(err, -EINVAL, "'%s' of the statement is not what it may be",
				  field->name);
			return NULL;
		}
		json_put(statement, field->name,
			 field->size ? json_string(text_at(field, from))
				     : json_integer((json_int_t)number_at(field, from)));
	}
	return TAKE(statement);
}

static bool read_field(const struct record_field *field, const json_t *value, void *to)
{
	uint64_t number;

	if (field->size) {
		const char *text = json_string_value(value);

		if (!text || strlen(text) >= field->size || !field->is(text))
			return false;
		memcpy((char *)to + field->at, text, strlen(text) + 1);
		return true;
	}
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	number = (uint64_t)json_integer_value(value);
	memcpy((char *)to + field->at, &number, sizeof(number));
	return true;
}

int record_read(const struct record *record, const json_t *statement, void *to, struct error *err)
{
	size_t n = 1; /* the domain */

	for (const struct record_field *field = record->fields; field->name; field++, n++)
		if (!read_field(field, json_object_get(statement, field->name), to))
			return error_set(err, -EBADMSG,
					 "'%s' of the statement is not what it may be",
					 field->name);
	if (json_object_size(statement) != n)
		return error_set(err, -EBADMSG,
				 "the statement has members that a '%s' does not have",
				 record->domain);
	return 0;
}

int record_compare(const struct record *record, const void *is, const void *wanted,
		   const char *skip, struct error *err)
{
	for (const struct record_field *field = record->fields; field->name; field++) {
		if (!field->size || (skip && strcmp(field->name, skip) == 0))
			continue;
		if (strcmp(text_at(field, is), text_at(field, wanted)) != 0)
			return error_set(err, -EACCES, "it was signed for another %s", field->name);
	}
	return 0;
}

bool text_is_sha256(const char *text)
{
	return hex_is(text, 64);
}

bool text_is_time(const char *text)
{
	static const char form[] = "0000-00-00T00:00:00.000Z";

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return true;
}
