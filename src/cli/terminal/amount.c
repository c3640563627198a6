#include "cli/terminal/amount.h"

#include <math.h>
#include <string.h>

#include "base/duration.h"

bool amount_has_unit(const char *key, const char *suffix)
{
	size_t len = strlen(key), n = strlen(suffix);

	return len >= n && strcmp(key + len - n, suffix) == 0;
}

const char *amount_bytes(double n_bytes, char text[AMOUNT_TEXT_BYTES])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	size_t unit = 0;

	while (fabs(n_bytes) >= 1024 && unit + 1 < ARRAY_LEN(units)) {
		n_bytes /= 1024;
		unit++;
	}
	text_format(text, AMOUNT_TEXT_BYTES, unit && fabs(n_bytes) < 10 ? "%.1f %s" : "%.0f %s",
		    n_bytes, units[unit]);
	return text;
}

static void format_number(const char *suffix, double value, char text[AMOUNT_TEXT_BYTES])
{
	/* Whole numbers whole, small ones with what tells them from zero. */
	int places = value == floor(value) ? 0 : fabs(value) < 10 ? 2 : 1;

	text_format(text, AMOUNT_TEXT_BYTES, "%.*f%s", places, value, suffix);
}

static void format_quantity(const char *key, double value, char text[AMOUNT_TEXT_BYTES])
{
	size_t len;

	if (amount_has_unit(key, "bytes_per_s")) {
		len = strlen(amount_bytes(value, text));
		text_format(text + len, AMOUNT_TEXT_BYTES - len, "/s");
	} else if (amount_has_unit(key, "_bytes")) {
		amount_bytes(value, text);
	} else if (amount_has_unit(key, "_percent")) {
		text_format(text, AMOUNT_TEXT_BYTES,
			    value < 10 && value > 0 ? "%.1f %%" : "%.0f %%", value);
	} else if (amount_has_unit(key, "_per_s")) {
		format_number("/s", value, text);
	} else if (amount_has_unit(key, "_ms")) {
		format_number(" ms", value, text);
	} else if ((amount_has_unit(key, "_s") || amount_has_unit(key, "_s_ago")) && value >= 0 &&
		   value < DURATION_MAX_NS / (double)NS_PER_SEC) {
		duration_to_text((uint64_t)(value * NS_PER_SEC), text);
	} else {
		format_number("", value, text);
	}
}

const char *amount_format(const char *key, const json_t *value, char text[AMOUNT_TEXT_BYTES])
{
	if (json_is_number(value))
		format_quantity(key, json_number_value(value), text);
	else if (json_is_string(value))
		text_format(text, AMOUNT_TEXT_BYTES, "%s", json_string_value(value));
	else if (json_is_boolean(value))
		text_format(text, AMOUNT_TEXT_BYTES, "%s", json_is_true(value) ? "yes" : "no");
	else
		text_format(text, AMOUNT_TEXT_BYTES, "-");
	return text;
}
