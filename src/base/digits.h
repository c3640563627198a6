/* Decimal digits without printf, for what is written by the thousand: paths in /proc, JSON. */
#pragma once

#include <stdint.h>

#define DIGITS_MAX_BYTES 20

/* Writes them so that they end before 'end'; returns the first. No NUL is added. */
static inline char *digits_before(char *end, uint64_t value)
{
	do {
		*--end = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return end;
}
