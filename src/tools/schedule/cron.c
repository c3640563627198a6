#include "tools/schedule/cron.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_name(struct str word)
{
	static const char *const names[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul",
					     "aug", "sep", "oct", "nov", "dec", "sun", "mon",
					     "tue", "wed", "thu", "fri", "sat" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (word.len == 3 && strncasecmp(word.data, names[i], 3) == 0)
			return true;
	return false;
}

static bool is_value(struct str word, unsigned low, unsigned high)
{
	unsigned long value = 0;

	if (is_name(word))
		return true;
	if (!word.len || word.len > 2)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (!isdigit((unsigned char)word.data[i]))
			return false;
		value = value * 10 + (unsigned long)(word.data[i] - '0');
	}
	return value >= low && value <= high;
}

/* "*", "a", "a-b", each with an optional "/step"; also Debian's "~" for a random value. */
static bool is_range(struct str part, unsigned low, unsigned high)
{
	const char *slash = memchr(part.data, '/', part.len);
	struct str range = part, step;
	const char *dash;

	if (slash) {
		range.len = (size_t)(slash - part.data);
		step = (struct str) { slash + 1, part.len - range.len - 1 };
		if (!is_value(step, 1, 99) || is_name(step))
			return false;
	}
	if (str_is(range, "*") || str_is(range, "~"))
		return true;
	dash = memchr(range.data, '-', range.len);
	if (!dash)
		return is_value(range, low, high);
	return is_value((struct str) { range.data, (size_t)(dash - range.data) }, low, high) &&
	       is_value((struct str) { dash + 1, range.len - (size_t)(dash - range.data) - 1 }, low,
			high);
}

bool cron_field_is_valid(struct str field, unsigned low, unsigned high)
{
	const char *at = field.data, *end = field.data + field.len;

	for (;;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *part_end = comma ? comma : end;

		if (!is_range((struct str) { at, (size_t)(part_end - at) }, low, high))
			return false;
		if (!comma)
			return true;
		at = comma + 1;
	}
}

static bool is_setting(const char *line)
{
	size_t len =
		strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	len += strspn(line + len, " \t");
	return len && line[len] == '=';
}

static bool is_number(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.data[i] < '0' || word.data[i] > '9')
			return false;
	return word.len > 0;
}

static bool is_nickname(struct str word)
{
	static const char *const names[] = { "@reboot", "@yearly", "@annually", "@monthly",
					     "@weekly", "@daily",  "@midnight", "@hourly" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(word, names[i]))
			return true;
	return false;
}

/* Takes the schedule; NULL, or why it is none. */
static const char *take_schedule(const char **at, struct str *schedule_out)
{
	static const struct {
		unsigned low, high;
		const char *problem;
	} fields[] = { { 0, 59, "the minute is malformed" },
		       { 0, 23, "the hour is malformed" },
		       { 1, 31, "the day of the month is malformed" },
		       { 1, 12, "the month is malformed" },
		       { 0, 7, "the day of the week is malformed" } };
	const char *start = *at + strspn(*at, " \t");
	struct str word;

	if (*start == '@') {
		if (!scan_word(at, schedule_out) || !is_nickname(*schedule_out))
			return "there is no such schedule";
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (!scan_word(at, &word) ||
		    !cron_field_is_valid(word, fields[i].low, fields[i].high))
			return fields[i].problem;
	*schedule_out = (struct str) { start, (size_t)(*at - start) };
	return NULL;
}

/* "7 25 cron.weekly": every so many days, so many minutes after the start, and a name. */
static const char *take_period(const char **at, struct str *schedule_out)
{
	const char *start = *at + strspn(*at, " \t");
	struct str days, delay, name;

	if (!scan_word(at, &days) || !(days.data[0] == '@' || is_number(days)))
		return "the period is malformed";
	if (!scan_word(at, &delay) || !is_number(delay))
		return "the delay is malformed";
	*schedule_out = (struct str) { start, (size_t)(*at - start) };
	return scan_word(at, &name) ? NULL : "the name is missing";
}

json_t *cron_parse_line(const char *line, enum cron_kind kind, uint64_t number)
{
	const char *at = line + strspn(line, " \t"), *problem;
	struct str schedule = { "", 0 }, user = { "", 0 };

	if (!*at || *at == '#' || *at == '\r' || is_setting(at))
		return NULL;
	problem =
		kind == CRON_ANACRON ? take_period(&at, &schedule) : take_schedule(&at, &schedule);
	if (!problem && kind == CRON_SYSTEM && !scan_word(&at, &user))
		problem = "the user is missing";
	at += strspn(at, " \t");
	if (!problem && !*at)
		problem = "the command is missing";
	if (problem)
		return json_pack("{s:I, s:s, s:o}", "line", (json_int_t)number, "problem", problem,
				 "text", json_text(line, strnlen(line, 500)));
	return json_pack("{s:I, s:o, s:o, s:o}", "line", (json_int_t)number, "schedule",
			 json_str(schedule), "user", json_str(user), "command",
			 json_text(at, strnlen(at, 1000)));
}
