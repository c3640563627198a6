#include "base/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define POINTER_BYTES 512

/* One pass over the parser's events; 'pointer' is the place of the value being read. */
struct reader {
	yaml_parser_t parser;
	struct yaml *yaml;
	char pointer[POINTER_BYTES];
	unsigned depth;
	struct error *err;
};

static int refuse(struct reader *reader, size_t line, const char *what)
{
	return error_set(reader->err, -EBADMSG, "%s:%zu: %s", reader->yaml->name, line + 1, what);
}

static int next_event(struct reader *reader, yaml_event_t *event)
{
	const yaml_parser_t *parser = &reader->parser;

	if (yaml_parser_parse(&reader->parser, event))
		return 0;
	return refuse(reader, parser->problem_mark.line,
		      parser->problem ? parser->problem : "not YAML");
}

/* Enters the child 'key'; returns the length to cut back to, or a negative errno. */
static ssize_t enter(struct reader *reader, const char *key, size_t line)
{
	size_t len = strlen(reader->pointer);

	if (len + strlen(key) + 2 > sizeof(reader->pointer))
		return refuse(reader, line, "the path of keys is too long");
	(void)snprintf(reader->pointer + len, sizeof(reader->pointer) - len, "/%s", key);
	return (ssize_t)len;
}

static json_t *plain_scalar(const char *text)
{
	char *end;
	double real;
	long long whole;

	if (!*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0)
		return json_null();
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return json_boolean(*text == 't');
	if (strspn(text, "0123456789+-.eE") != strlen(text))
		return NULL;
	errno = 0;
	whole = strtoll(text, &end, 10);
	if (!*end && !errno)
		return json_integer(whole);
	real = strtod(text, &end);
	return !*end && isfinite(real) ? json_real(real) : NULL;
}

static json_t *scalar(struct reader *reader, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	json_t *value = NULL;

	if (strlen(text) != event->data.scalar.length) {
		refuse(reader, event->start_mark.line, "a NUL byte in a value");
		return NULL;
	}
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		value = plain_scalar(text);
	return value ? value : json_text(text, strlen(text));
}

static json_t *value_of(struct reader *reader, const yaml_event_t *event);

static json_t *sequence(struct reader *reader)
{
	CLEANUP(json) json_t *array = json_array();

	for (size_t i = 0;; i++) {
		char index[24];
		yaml_event_t event;
		ssize_t back;
		json_t *value = NULL;

		if (next_event(reader, &event) < 0)
			return NULL;
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return json_incref(array);
		}
		(void)snprintf(index, sizeof(index), "%zu", i);
		back = enter(reader, index, event.start_mark.line);
		if (back >= 0)
			value = value_of(reader, &event);
		yaml_event_delete(&event);
		if (!value)
			return NULL;
		json_push(array, value);
		reader->pointer[back] = '\0';
	}
}

static int member(struct reader *reader, json_t *object, const yaml_event_t *key_event)
{
	const char *key = (const char *)key_event->data.scalar.value;
	size_t line = key_event->start_mark.line;
	char what[128];
	yaml_event_t event;
	ssize_t back;
	json_t *value = NULL;

	if (json_object_get(object, key)) {
		(void)snprintf(what, sizeof(what), "the key '%.64s' stands twice", key);
		return refuse(reader, line, what);
	}
	back = enter(reader, key, line);
	if (back < 0)
		return (int)back;
	if (next_event(reader, &event) < 0)
		return reader->err->code;
	value = value_of(reader, &event);
	yaml_event_delete(&event);
	if (!value)
		return reader->err->code;
	json_put(object, key, value);
	reader->pointer[back] = '\0';
	return 0;
}

static json_t *mapping(struct reader *reader)
{
	CLEANUP(json) json_t *object = json_object();

	for (;;) {
		yaml_event_t event;
		int r;

		if (next_event(reader, &event) < 0)
			return NULL;
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			return json_incref(object);
		}
		if (event.type != YAML_SCALAR_EVENT || event.data.scalar.anchor ||
		    !event.data.scalar.length ||
		    strlen((const char *)event.data.scalar.value) != event.data.scalar.length)
			r = refuse(reader, event.start_mark.line, "a key must be plain text");
		else
			r = member(reader, object, &event);
		yaml_event_delete(&event);
		if (r < 0)
			return NULL;
	}
}

static bool has_anchor_or_tag(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor || event->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor || event->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor || event->data.mapping_start.tag;
	default:
		return false;
	}
}

static json_t *collection(struct reader *reader, const yaml_event_t *event)
{
	json_t *value;

	if (reader->depth == YAML_MAX_DEPTH) {
		refuse(reader, event->start_mark.line, "nested too deeply");
		return NULL;
	}
	reader->depth++;
	value = event->type == YAML_MAPPING_START_EVENT ? mapping(reader) : sequence(reader);
	reader->depth--;
	return value;
}

static json_t *value_of(struct reader *reader, const yaml_event_t *event)
{
	size_t line = event->start_mark.line;

	if (event->type == YAML_ALIAS_EVENT || has_anchor_or_tag(event)) {
		refuse(reader, line, "anchors, aliases and tags are not allowed");
		return NULL;
	}
	json_put(reader->yaml->lines, reader->pointer, json_integer((json_int_t)line + 1));
	if (event->type == YAML_SCALAR_EVENT)
		return scalar(reader, event);
	if (event->type == YAML_MAPPING_START_EVENT || event->type == YAML_SEQUENCE_START_EVENT)
		return collection(reader, event);
	refuse(reader, line, "expected a value");
	return NULL;
}

/* Skips the start of stream and document, reads the root, and wants the end after it. */
static int read_stream(struct reader *reader)
{
	static const yaml_event_type_t before[] = { YAML_STREAM_START_EVENT,
						    YAML_DOCUMENT_START_EVENT, YAML_NO_EVENT };
	static const yaml_event_type_t after[] = { YAML_DOCUMENT_END_EVENT, YAML_STREAM_END_EVENT };
	yaml_event_t event;
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(before) + ARRAY_LEN(after) && r == 0; i++) {
		size_t n = ARRAY_LEN(before);
		yaml_event_type_t expected = i < n ? before[i] : after[i - n];

		if (next_event(reader, &event) < 0)
			return reader->err->code;
		if (expected == YAML_NO_EVENT) {
			reader->yaml->root = value_of(reader, &event);
			r = reader->yaml->root ? 0 : reader->err->code;
		} else if (event.type != expected) {
			r = refuse(reader, event.start_mark.line, "expected exactly one document");
		}
		yaml_event_delete(&event);
	}
	return r;
}

int yaml_parse(struct yaml *yaml, const char *name, struct str text, struct error *err)
{
	struct reader reader = { .yaml = yaml, .err = err };
	int r;

	*yaml = (struct yaml) { .lines = json_object() };
	(void)snprintf(yaml->name, sizeof(yaml->name), "%s", name);
	if (text.len > YAML_MAX_BYTES)
		return error_set(err, -E2BIG, "%s: larger than %zu bytes", yaml->name,
				 YAML_MAX_BYTES);
	if (!yaml_parser_initialize(&reader.parser))
		abort();
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.data, text.len);
	r = read_stream(&reader);
	yaml_parser_delete(&reader.parser);
	return r;
}

void yaml_finish(struct yaml *yaml)
{
	json_decref(yaml->root);
	json_decref(yaml->lines);
	yaml->root = NULL;
	yaml->lines = NULL;
}

void yaml_cleanup(struct yaml *yaml)
{
	yaml_finish(yaml);
}

unsigned yaml_line(const struct yaml *yaml, const char *pointer)
{
	char at[POINTER_BYTES];
	char *cut;

	(void)snprintf(at, sizeof(at), "%s", pointer);
	for (;;) {
		const json_t *line = json_object_get(yaml->lines, at);

		if (line)
			return (unsigned)json_integer_value(line);
		cut = strrchr(at, '/');
		if (!cut)
			return 1;
		*cut = '\0';
	}
}

int yaml_error(const struct yaml *yaml, struct error *err, const char *pointer, const char *format,
	       ...)
{
	char what[ERROR_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return error_set(err, -EINVAL, "%s:%u: key '%s': %s", yaml->name, yaml_line(yaml, pointer),
			 *pointer == '/' ? pointer + 1 : pointer, what);
}
