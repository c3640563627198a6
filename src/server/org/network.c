#include "server/org/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/scan.h"

#define RANGE_BYTES 64

struct range {
	uint8_t bytes[16];
	unsigned n_bits; /* of the address that count, of 128 */
};

/* IPv4 lies in ::ffff:0:0/96. False for what is no address. */
static bool read_address(const char *text, uint8_t bytes[16], unsigned *n_before_out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET6, text, bytes) == 1) {
		*n_before_out = 0;
		return true;
	}
	memcpy(bytes, mapped, sizeof(mapped));
	*n_before_out = 96;
	return inet_pton(AF_INET, text, bytes + 12) == 1;
}

static bool read_range(const char *text, struct range *range)
{
	char address[RANGE_BYTES];
	const char *slash = strchr(text, '/');
	unsigned n_before;
	uint64_t n_bits;

	text_format(address, sizeof(address), "%.*s",
		    (int)(slash ? (size_t)(slash - text) : strlen(text)), text);
	if (!read_address(address, range->bytes, &n_before))
		return false;
	range->n_bits = 128;
	if (!slash)
		return true;
	slash++;
	if (!scan_u64(&slash, &n_bits) || *slash || n_bits > 128 - n_before)
		return false;
	range->n_bits = n_before + (unsigned)n_bits;
	return true;
}

static bool bit(const uint8_t bytes[16], unsigned i)
{
	return bytes[i / 8] & (0x80U >> i % 8);
}

static bool is_network(const struct range *range)
{
	for (unsigned i = range->n_bits; i < 128; i++)
		if (bit(range->bytes, i))
			return false;
	return true;
}

/* The next word between commas and blanks. */
static bool next_range(const char **at, char text[RANGE_BYTES])
{
	size_t len;

	*at += strspn(*at, ", ");
	len = strcspn(*at, ", ");
	text_format(text, RANGE_BYTES, "%.*s", (int)len, *at);
	*at += len;
	return len > 0;
}

int network_check(const char *ranges, struct error *err)
{
	char text[RANGE_BYTES];
	struct range range;

	if (strlen(ranges) > NETWORK_MAX_BYTES)
		return error_set(err, -EINVAL, "the list of networks is too long");
	while (next_range(&ranges, text)) {
		if (!read_range(text, &range))
			return error_set(err, -EINVAL, "'%s' is no network; write 10.0.0.0/8",
					 text);
		if (!is_network(&range))
			return error_set(err, -EINVAL, "'%s' has bits set behind its length", text);
	}
	return 0;
}

static bool range_has(const struct range *range, const uint8_t address[16])
{
	for (unsigned i = 0; i < range->n_bits; i++)
		if (bit(range->bytes, i) != bit(address, i))
			return false;
	return true;
}

bool network_has(const char *ranges, const char *address)
{
	uint8_t bytes[16];
	char text[RANGE_BYTES];
	unsigned n_before;
	struct range range;
	bool any = false;

	if (!read_address(address, bytes, &n_before))
		return !*ranges;
	while (next_range(&ranges, text)) {
		any = true;
		if (read_range(text, &range) && range_has(&range, bytes))
			return true;
	}
	return !any;
}
