#include "server/inquiry/form.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "investigation/fence.h"
#include "net/url.h"
#include "server/inquiry/form_internal.h"

static int refuse(struct error *err, const char *why)
{
	return error_set(err, -EBADMSG, "%s", why);
}

json_t *form_shown(const char *text, size_t max)
{
	CLEANUP(buf) struct buf shown = { 0 };
	size_t left = strlen(text);

	buf_init(&shown, max);
	while (left && shown.len + 4 <= max) {
		size_t n = utf8_len(text, left);

		if (n && (*text == '\n' || !fence_hides(utf8_code_point(text, n))))
			buf_add(&shown, text, n);
		else
			buf_add_text(&shown, "?");
		text += n ? n : 1;
		left -= n ? n : 1;
	}
	return json_text(buf_text(&shown), shown.len);
}

static bool is_name(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_-.", name[i]))
			return false;
	return n && n < FORM_NAME_BYTES;
}

static void put_words(json_t *field, const json_t *property)
{
	static const char *const words[] = { "title", "description" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const char *text = json_get_text(property, words[i], NULL);

		if (text)
			json_put(field, words[i], form_shown(text, FORM_WORDS_BYTES));
	}
}

static void put_number(json_t *field, const char *as, const json_t *property, const char *name)
{
	json_t *value = json_object_get(property, name);

	if (json_is_number(value))
		json_put(field, as, json_incref(value));
}

/* A value goes back as it came, so it has to be one that can be shown as it is. */
static json_t *option_of(const json_t *value, const char *title)
{
	const char *text = json_string_value(value);
	CLEANUP(json) json_t *shown = text ? form_shown(text, FORM_WORDS_BYTES) : NULL;
	json_t *option;

	if (!text || !*text || !json_equal(shown, value))
		return NULL;
	option = json_pack("{s:O}", "value", value);
	if (title)
		json_put(option, "title", form_shown(title, FORM_WORDS_BYTES));
	return option;
}

/* Of "enum" with its "enumNames", or of "oneOf" and "anyOf" with "const" and "title". */
static json_t *options_of(const json_t *schema)
{
	const json_t *plain = json_object_get(schema, "enum");
	const json_t *names = json_object_get(schema, "enumNames");
	const json_t *titled = json_object_get(schema, "oneOf");
	const json_t *list = plain ? plain : titled ? titled : json_object_get(schema, "anyOf");
	json_t *options = json_array(), *option;
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		option = plain ? option_of(item, json_string_value(json_array_get(names, i)))
			       : option_of(json_object_get(item, "const"),
					   json_get_text(item, "title", NULL));
		if (!option || i >= FORM_MAX_OPTIONS) {
			json_decref(option);
			json_decref(options);
			return NULL;
		}
		json_push(options, option);
	}
	if (json_array_size(options))
		return options;
	json_decref(options);
	return NULL;
}

static bool take_text(json_t *field, const json_t *property)
{
	const char *format = json_get_text(property, "format", NULL);

	put_number(field, "min", property, "minLength");
	put_number(field, "max", property, "maxLength");
	if (format && form_knows_format(format))
		json_put(field, "format", json_string(format));
	return true;
}

static bool take_choice(json_t *field, const json_t *property)
{
	json_t *options = options_of(property);

	if (!options)
		return false;
	json_put(field, "type", json_string("choice"));
	json_put(field, "options", options);
	return true;
}

static bool take_choices(json_t *field, const json_t *property)
{
	json_t *options = options_of(json_object_get(property, "items"));

	if (!options)
		return false;
	put_number(field, "min", property, "minItems");
	put_number(field, "max", property, "maxItems");
	json_put(field, "options", options);
	return true;
}

static bool take_number(json_t *field, const json_t *property)
{
	put_number(field, "min", property, "minimum");
	put_number(field, "max", property, "maximum");
	return true;
}

static bool take_flag(json_t *field UNUSED, const json_t *property UNUSED)
{
	return true;
}

static const struct {
	const char *schema, *type;
	bool (*take)(json_t *field, const json_t *property);
} kinds[] = {
	{ "string", "text", take_text },       { "number", "number", take_number },
	{ "integer", "integer", take_number }, { "boolean", "boolean", take_flag },
	{ "array", "choices", take_choices },
};

/* What people would not see as it is they cannot agree to. */
static bool can_be_shown(const json_t *value)
{
	const char *text = json_string_value(value);
	CLEANUP(json) json_t *shown = text ? form_shown(text, FORM_MESSAGE_BYTES) : NULL;

	return !text || json_equal(shown, value);
}

static json_t *field_of(const char *name, const json_t *property)
{
	const char *type = json_get_text(property, "type", "");
	bool is_choice = strcmp(type, "string") == 0 &&
			 (json_object_get(property, "enum") || json_object_get(property, "oneOf"));
	json_t *value = json_object_get(property, "default"), *field;
	struct error ignored = { 0 };
	size_t at = 0;

	while (at < ARRAY_LEN(kinds) && strcmp(kinds[at].schema, type) != 0)
		at++;
	if (at == ARRAY_LEN(kinds) || !is_name(name))
		return NULL;
	field = json_pack("{s:s, s:s, s:b}", "name", name, "type", kinds[at].type, "required",
			  false);
	put_words(field, property);
	if (!(is_choice ? take_choice : kinds[at].take)(field, property)) {
		json_decref(field);
		return NULL;
	}
	if (value && form_check_value(field, value, &ignored) == 0 && can_be_shown(value))
		json_put(field, "default", json_deep_copy(value));
	return field;
}

static json_t *find_field(const json_t *fields, const char *name)
{
	json_t *field;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)fields, i, field)
	{
		if (strcmp(json_get_text(field, "name", ""), name) == 0)
			return field;
	}
	return NULL;
}

static int take_fields(const json_t *schema, json_t *fields, struct error *err)
{
	const json_t *properties = json_object_get(schema, "properties"), *name;
	const char *key;
	json_t *property, *field;
	size_t i;

	if (strcmp(json_get_text(schema, "type", ""), "object") != 0 ||
	    !json_is_object(properties) || json_object_size(properties) > FORM_MAX_FIELDS)
		return refuse(err, "its form is none, or has too many fields");
	json_object_foreach((json_t *)(uintptr_t)properties, key, property)
	{
		field = field_of(key, property);
		if (!field)
			return refuse(err,
				      "a field of its form is of no kind that a form may have");
		json_push(fields, field);
	}
	json_array_foreach(json_object_get(schema, "required"), i, name)
	{
		field = json_is_string(name) ? find_field(fields, json_string_value(name)) : NULL;
		if (!field)
			return refuse(err, "its form wants a field that it does not have");
		json_put(field, "required", json_true());
	}
	return 0;
}

static json_t *take_url(const json_t *params, const char *message, struct error *err)
{
	const char *text = json_get_text(params, "url", "");
	CLEANUP(url) struct url url = { 0 };
	struct error ignored = { 0 };
	char host[URL_HOST_BYTES + 16];

	if (url_parse(text, strlen(text), &url, &ignored) < 0 || url.scheme != URL_HTTPS ||
	    url.user || url.password) {
		(void)refuse(err, "it sends to what is no https address");
		return NULL;
	}
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at > '~') {
			(void)refuse(err, "it sends to an address that cannot be shown as it is");
			return NULL;
		}
	url_format_host(&url, host, sizeof(host));
	return json_pack("{s:s, s:o, s:s, s:s}", "mode", "url", "message",
			 form_shown(message, FORM_MESSAGE_BYTES), "url", text, "host", host);
}

void form_fill(const json_t *form, json_t *content)
{
	const json_t *field;
	size_t i;

	json_array_foreach(json_object_get(form, "fields"), i, field)
	{
		const char *name = json_get_text(field, "name", "");
		json_t *value = json_object_get(field, "default");

		if (value && !json_object_get(content, name))
			json_put(content, name, json_incref(value));
	}
}

json_t *form_take(const json_t *params, struct error *err)
{
	const char *mode = json_get_text(params, "mode", "form");
	const char *message = json_get_text(params, "message", "");
	json_t *fields;

	if (!*message) {
		(void)refuse(err, "it does not say what it asks");
		return NULL;
	}
	if (strcmp(mode, "url") == 0)
		return take_url(params, message, err);
	if (strcmp(mode, "form") != 0) {
		(void)refuse(err, "it asks in a way that nobody knows");
		return NULL;
	}
	fields = json_array();
	if (take_fields(json_object_get(params, "requestedSchema"), fields, err) < 0) {
		json_decref(fields);
		return NULL;
	}
	return json_pack("{s:s, s:o, s:o}", "mode", "form", "message",
			 form_shown(message, FORM_MESSAGE_BYTES), "fields", fields);
}
