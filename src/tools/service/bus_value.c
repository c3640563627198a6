#include "tools/service/bus_value.h"

#include <string.h>

static json_t *read_text(sd_bus_message *message, char type)
{
	const char *text = NULL;

	if (sd_bus_message_read_basic(message, type, &text) < 0)
		return NULL;
	return json_text(text, strlen(text));
}

static json_t *read_basic(sd_bus_message *message, char type)
{
	union {
		uint8_t y;
		int b;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
		int64_t x;
		uint64_t t;
		double d;
	} value = { 0 };

	if (strchr("sog", type))
		return read_text(message, type);
	if (sd_bus_message_read_basic(message, type, &value) < 0)
		return NULL;
	switch (type) {
	case 'y':
		return json_integer(value.y);
	case 'b':
		return json_boolean(value.b);
	case 'n':
		return json_integer(value.n);
	case 'q':
		return json_integer(value.q);
	case 'i':
		return json_integer(value.i);
	case 'u':
		return json_integer(value.u);
	case 'x':
		return json_integer(value.x);
	case 't':
		return value.t > INT64_MAX ? json_null() : json_integer((json_int_t)value.t);
	case 'd':
		return json_real(value.d);
	default: /* a descriptor: nothing to show, and the message closes it */
		return json_null();
	}
}

static json_t *read_items(sd_bus_message *message, unsigned depth)
{
	json_t *list = json_array();

	while (sd_bus_message_at_end(message, 0) == 0) {
		json_t *item = bus_value_read(message, depth);

		if (!item) {
			json_decref(list);
			return NULL;
		}
		if (json_array_size(list) < BUS_VALUE_MAX_ITEMS)
			json_push(list, item);
		else
			json_decref(item);
	}
	return list;
}

static json_t *read_dictionary(sd_bus_message *message, unsigned depth)
{
	json_t *object = json_object();

	while (sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, NULL) > 0) {
		CLEANUP(json) json_t *key = bus_value_read(message, depth);
		json_t *value = key ? bus_value_read(message, depth) : NULL;

		if (value && json_is_string(key))
			json_put(object, json_string_value(key), value);
		else
			json_decref(value);
		if (!value || sd_bus_message_exit_container(message) < 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

json_t *bus_value_read(sd_bus_message *message, unsigned depth)
{
	const char *contents = NULL;
	json_t *value;
	char type;

	if (depth >= BUS_VALUE_MAX_DEPTH ||
	    sd_bus_message_peek_type(message, &type, &contents) <= 0)
		return NULL;
	if (!strchr("avre", type))
		return read_basic(message, type);
	if (sd_bus_message_enter_container(message, type, contents) <= 0)
		return NULL;
	if (type == SD_BUS_TYPE_VARIANT)
		value = bus_value_read(message, depth + 1);
	else if (type == SD_BUS_TYPE_ARRAY && contents[0] == '{')
		value = read_dictionary(message, depth + 1);
	else
		value = read_items(message, depth + 1);
	if (value && sd_bus_message_exit_container(message) < 0) {
		json_decref(value);
		return NULL;
	}
	return value;
}
