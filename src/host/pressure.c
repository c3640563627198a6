#include "host/pressure.h"

static bool parse_line(const char *at, struct pressure_line *line_out)
{
	struct pressure_line line;

	if (!scan_text(&at, " avg10=") || !scan_double(&at, &line.avg10) ||
	    !scan_text(&at, " avg60=") || !scan_double(&at, &line.avg60) ||
	    !scan_text(&at, " avg300=") || !scan_double(&at, &line.avg300) ||
	    !scan_text(&at, " total=") || !scan_u64(&at, &line.total_us))
		return false;
	*line_out = line;
	return true;
}

bool pressure_parse(const char *text, struct pressure *pressure_out)
{
	struct pressure pressure = { 0 };
	const char *at = text;
	struct str line;

	while (scan_line(&at, &line)) {
		const char *value = line.data;

		if (scan_text(&value, "some"))
			pressure.has_some = parse_line(value, &pressure.some);
		else if (scan_text(&value, "full"))
			pressure.has_full = parse_line(value, &pressure.full);
	}
	*pressure_out = pressure;
	return pressure.has_some || pressure.has_full;
}

bool pressure_read(const struct host *host, const char *path, struct pressure *pressure_out)
{
	char text[512];

	/* With psi=0 the files exist and reading them fails with EOPNOTSUPP. */
	if (host_read(host, path, text, sizeof(text)) < 0)
		return false;
	return pressure_parse(text, pressure_out);
}

static void put_line(json_t *json, const char *name, const struct pressure_line *line)
{
	const struct {
		const char *suffix;
		json_t *value;
	} members[] = {
		{ "avg10", json_figure(line->avg10) },
		{ "avg60", json_figure(line->avg60) },
		{ "avg300", json_figure(line->avg300) },
		{ "total_us", json_count(line->total_us) },
	};

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		char key[32];

		(void)snprintf(key, sizeof(key), "%s_%s", name, members[i].suffix);
		json_put(json, key, members[i].value);
	}
}

json_t *pressure_json(const struct host *host, const char *path)
{
	struct pressure pressure;
	json_t *json;

	if (!pressure_read(host, path, &pressure))
		return json_null();
	json = json_object();
	if (pressure.has_some)
		put_line(json, "some", &pressure.some);
	if (pressure.has_full)
		put_line(json, "full", &pressure.full);
	return json;
}
