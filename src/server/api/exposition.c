#include "server/api/exposition.h"

#include <math.h>
#include <string.h>

#define NAME_BYTES 256

/* Our pages have a line of the type before each name's values. */
static void take_type(struct str line, bool *is_gauge)
{
	static const char gauge[] = " gauge";
	size_t len = strlen(gauge);

	if (str_starts(line, "# TYPE "))
		*is_gauge = line.len > len && memcmp(line.data + line.len - len, gauge, len) == 0;
}

static json_t *number(const char *text)
{
	double value;
	int64_t whole;
	const char *at = text;

	if (scan_i64(&at, &whole) && (!*at || *at == '\n'))
		return json_integer(whole);
	at = text;
	return scan_double(&at, &value) && isfinite(value) ? json_real(value) : json_null();
}

/* "name{labels} value": labels may hold blanks, a value does not. */
static void take_value(struct str line, json_t *list)
{
	const char *blank = memrchr(line.data, ' ', line.len);
	const char *at = line.data;
	char name[NAME_BYTES];

	if (!blank)
		return;
	(void)scan_text(&at, "constable_");
	str_copy((struct str) { at, (size_t)(blank - at) }, name, sizeof(name));
	json_put(list, name, number(blank + 1));
}

json_t *exposition_json(const char *page)
{
	json_t *counters = json_object(), *gauges = json_object();
	bool is_gauge = false;
	struct str line;

	while (scan_line(&page, &line)) {
		if (line.len && line.data[0] == '#')
			take_type(line, &is_gauge);
		else
			take_value(line, is_gauge ? gauges : counters);
	}
	return json_pack("{s:o, s:o}", "counters", counters, "gauges", gauges);
}
