/* Whether what was entered is what a form asks. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "server/inquiry/form_internal.h"

#define MAX_WHOLE 9e15

static int refuse(const json_t *field, const char *what, struct error *err)
{
	return error_set(err, -EINVAL, "the field '%s' %s", json_get_text(field, "name", ""), what);
}

static bool within(const json_t *field, double number, double most)
{
	return number >= json_get_number(field, "min", -HUGE_VAL) &&
	       number <= json_get_number(field, "max", most);
}

/* --- texts ------------------------------------------------------------------------------- */

static size_t n_characters(const char *text)
{
	size_t left = strlen(text), n = 0;

	for (; left; n++) {
		size_t len = utf8_len(text, left);

		text += len ? len : 1;
		left -= len ? len : 1;
	}
	return n;
}

static bool has_blank(const char *text)
{
	for (; *text; text++)
		if (isspace((unsigned char)*text) || iscntrl((unsigned char)*text))
			return true;
	return false;
}

static bool is_email(const char *text)
{
	const char *at = strchr(text, '@');

	return at && at > text && at[1] && !strchr(at + 1, '@') && !has_blank(text);
}

static bool is_uri(const char *text)
{
	size_t n =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	return isalpha((unsigned char)*text) && text[n] == ':' && text[n + 1] && !has_blank(text);
}

/* '0' stands for a digit; what is left of the text, or NULL. */
static const char *matches(const char *text, const char *pattern)
{
	for (; *pattern; pattern++, text++)
		if (*pattern == '0' ? !isdigit((unsigned char)*text) : *text != *pattern)
			return NULL;
	return text;
}

static bool is_date(const char *text)
{
	const char *rest = matches(text, "0000-00-00");

	return rest && !*rest;
}

static bool is_date_time(const char *text)
{
	const char *rest = matches(text, "0000-00-00T00:00:00"), *zone;

	if (rest && *rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (!rest || strcmp(rest, "Z") == 0)
		return rest;
	zone = matches(rest, "+00:00");
	if (!zone)
		zone = matches(rest, "-00:00");
	return zone && !*zone;
}

static const struct {
	const char *name;
	bool (*holds)(const char *text);
} formats[] = {
	{ "email", is_email },
	{ "uri", is_uri },
	{ "date", is_date },
	{ "date-time", is_date_time },
};

bool form_knows_format(const char *format)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (strcmp(formats[i].name, format) == 0)
			return true;
	return false;
}

static int check_text(const json_t *field, const json_t *value, struct error *err)
{
	const char *text = json_string_value(value), *format = json_get_text(field, "format", "");
	size_t n;

	if (!text)
		return refuse(field, "is a text", err);
	n = n_characters(text);
	if (n > FORM_TEXT_CHARS || !within(field, (double)n, FORM_TEXT_CHARS))
		return refuse(field, "is too short or too long", err);
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (strcmp(formats[i].name, format) == 0 && !formats[i].holds(text))
			return refuse(field,
				      "has another form: email, uri, date (2026-01-31) or "
				      "date-time",
				      err);
	return 0;
}

/* --- the rest ---------------------------------------------------------------------------- */

static bool is_option(const json_t *field, const json_t *value)
{
	const json_t *option;
	size_t i;

	json_array_foreach(json_object_get(field, "options"), i, option)
	{
		if (json_equal(json_object_get(option, "value"), value))
			return true;
	}
	return false;
}

static int check_choices(const json_t *field, const json_t *value, struct error *err)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(value) || json_array_size(value) > FORM_MAX_OPTIONS)
		return refuse(field, "is a list of what may be chosen", err);
	json_array_foreach(value, i, item)
	{
		if (!is_option(field, item))
			return refuse(field, "is chosen from what is offered", err);
	}
	if (!within(field, (double)json_array_size(value), HUGE_VAL))
		return refuse(field, "has too few or too many", err);
	return 0;
}

static bool is_whole(const json_t *value)
{
	double number = json_number_value(value);

	return json_is_integer(value) ||
	       (number > -MAX_WHOLE && number < MAX_WHOLE && (double)(long long)number == number);
}

static int check_number(const json_t *field, const json_t *value, struct error *err)
{
	double number = json_number_value(value);
	bool wants_whole = strcmp(json_get_text(field, "type", ""), "integer") == 0;

	if (!json_is_number(value) || (wants_whole && !is_whole(value)))
		return refuse(field, wants_whole ? "is a whole number" : "is a number", err);
	return within(field, number, HUGE_VAL) ? 0
					       : refuse(field, "is too small or too large", err);
}

int form_check_value(const json_t *field, const json_t *value, struct error *err)
{
	const char *type = json_get_text(field, "type", "");

	if (strcmp(type, "text") == 0)
		return check_text(field, value, err);
	if (strcmp(type, "choices") == 0)
		return check_choices(field, value, err);
	if (strcmp(type, "choice") == 0)
		return is_option(field, value)
			       ? 0
			       : refuse(field, "is chosen from what is offered", err);
	if (strcmp(type, "boolean") == 0)
		return json_is_boolean(value) ? 0 : refuse(field, "is true or false", err);
	return check_number(field, value, err);
}

static bool is_small(const json_t *content)
{
	CLEANUP(text) char *text = json_canonical(content);

	return strlen(text) <= FORM_MAX_BYTES;
}

int form_check(const json_t *form, const json_t *content, struct error *err)
{
	const json_t *field, *value;
	size_t i, n = 0;

	if (!json_is_object(content) || !is_small(content))
		return error_set(err, -EINVAL, "what was entered is no object, or too much");
	json_array_foreach(json_object_get(form, "fields"), i, field)
	{
		value = json_object_get(content, json_get_text(field, "name", ""));
		n += value != NULL;
		if (!value && json_get_bool(field, "required", false) &&
		    !json_object_get(field, "default"))
			return refuse(field, "is missing", err);
		if (value && form_check_value(field, value, err) < 0)
			return err->code;
	}
	if (n != json_object_size(content))
		return error_set(err, -EINVAL, "the form has no other fields than those it names");
	return 0;
}
