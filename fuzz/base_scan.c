/* Cursor parsers: a cursor never passes the text's end, and a refusal leaves it alone. */
#include "harness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/scan.h"

union value {
	uint64_t u64;
	int64_t i64;
	double real;
	struct str str;
};

static bool scan_one(unsigned int which, const char **at, union value *value)
{
	switch (which % 6) {
	case 0:
		return scan_u64(at, &value->u64);
	case 1:
		return scan_i64(at, &value->i64);
	case 2:
		return scan_hex(at, &value->u64);
	case 3:
		return scan_double(at, &value->real);
	case 4:
		return scan_word(at, &value->str);
	default:
		return scan_line(at, &value->str);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(size + 1, 1);
	const char *at = text, *end;
	uint64_t ns;

	if (size)
		memcpy(text, data, size);
	end = text + strlen(text);
	(void)clock_parse(text, &ns);
	for (unsigned int which = 0, n_refused = 0; *at; which++) {
		const char *before = at;
		union value value;
		bool scanned = scan_one(which, &at, &value);

		assert(at >= before && at <= end);
		assert(scanned ? at > before : at == before);
		n_refused = scanned ? 0 : n_refused + 1;
		if (n_refused > 6)
			at++;
	}
	free(text);
	return 0;
}
