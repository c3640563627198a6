#include "kernel/program/program.h"

#include <string.h>

#include "base/scan.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789"

bool program_is_name(const char *text)
{
	size_t len = strlen(text);

	return len && len < PROGRAM_NAME_BYTES && strspn(text, LOWER "_-") == len &&
	       text[0] != '-' && text[0] != '_';
}

bool program_is_version(const char *text)
{
	size_t len = strlen(text);

	return len && len < PROGRAM_VERSION_BYTES &&
	       strspn(text, LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ.+_-") == len;
}

static uint64_t next_number(const char **at)
{
	uint64_t number = 0;

	(void)scan_u64(at, &number);
	*at += strcspn(*at, ".");
	*at += **at == '.';
	return number;
}

int program_compare_versions(const char *one, const char *other)
{
	while (*one || *other) {
		uint64_t left = next_number(&one), right = next_number(&other);

		if (left != right)
			return left < right ? -1 : 1;
	}
	return 0;
}
