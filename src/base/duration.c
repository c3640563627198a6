#include "base/duration.h"

#include <ctype.h>
#include <inttypes.h>

#include "base/scan.h"

#define NS_PER_MINUTE (60 * NS_PER_SEC)
#define NS_PER_HOUR (60 * NS_PER_MINUTE)
#define NS_PER_DAY (24 * NS_PER_HOUR)

/* "ms" stands before "m", or "5ms" would be five minutes and an "s". */
static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "ms", NS_PER_MS },  { "s", NS_PER_SEC }, { "m", NS_PER_MINUTE },
	{ "h", NS_PER_HOUR }, { "d", NS_PER_DAY },
};

static uint64_t scan_unit(const char **at)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (scan_text(at, units[i].name))
			return units[i].ns;
	return **at ? 0 : NS_PER_SEC;
}

bool duration_from_text(const char *text, uint64_t *ns_out)
{
	uint64_t total = 0;

	do {
		uint64_t n, unit;

		if (!isdigit((unsigned char)*text) || !scan_u64(&text, &n))
			return false;
		unit = scan_unit(&text);
		if (!unit || n > DURATION_MAX_NS / unit || total + n * unit > DURATION_MAX_NS)
			return false;
		total += n * unit;
	} while (*text);
	*ns_out = total;
	return true;
}

/* "2 h 5 min", without a second part that is nothing. */
static void format_pair(char *text, uint64_t ns, uint64_t unit, const char *names[2],
			uint64_t smaller)
{
	uint64_t rest = ns % unit / smaller;

	if (rest)
		text_format(text, DURATION_TEXT_BYTES, "%" PRIu64 " %s %" PRIu64 " %s", ns / unit,
			    names[0], rest, names[1]);
	else
		text_format(text, DURATION_TEXT_BYTES, "%" PRIu64 " %s", ns / unit, names[0]);
}

const char *duration_to_text(uint64_t ns, char text[DURATION_TEXT_BYTES])
{
	if (ns < NS_PER_SEC)
		text_format(text, DURATION_TEXT_BYTES, "%" PRIu64 " ms", ns / NS_PER_MS);
	else if (ns < 10 * NS_PER_SEC)
		text_format(text, DURATION_TEXT_BYTES, "%.1f s", (double)ns / NS_PER_SEC);
	else if (ns < NS_PER_MINUTE)
		text_format(text, DURATION_TEXT_BYTES, "%" PRIu64 " s", ns / NS_PER_SEC);
	else if (ns < NS_PER_HOUR)
		format_pair(text, ns, NS_PER_MINUTE, (const char *[]) { "min", "s" }, NS_PER_SEC);
	else if (ns < NS_PER_DAY)
		format_pair(text, ns, NS_PER_HOUR, (const char *[]) { "h", "min" }, NS_PER_MINUTE);
	else
		format_pair(text, ns, NS_PER_DAY, (const char *[]) { "d", "h" }, NS_PER_HOUR);
	return text;
}
