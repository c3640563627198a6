#include "host/users.h"

#include <inttypes.h>
#include <string.h>

#define PASSWD_MAX_BYTES (1 * MIB)

void users_load(const struct host *host, struct users *users_out)
{
	buf_init(&users_out->passwd, PASSWD_MAX_BYTES);
	/* Without the file every user is a number, which is an answer too. */
	if (host_read_buf(host, "etc/passwd", &users_out->passwd) < 0)
		buf_clear(&users_out->passwd);
}

void users_cleanup(struct users *users)
{
	buf_finish(&users->passwd);
}

/* name:password:uid:… */
static bool line_is(struct str line, uint64_t uid, struct str *name_out)
{
	const char *end = line.data + line.len;
	const char *colon = memchr(line.data, ':', line.len);
	const char *at = colon ? memchr(colon + 1, ':', (size_t)(end - colon - 1)) : NULL;
	uint64_t number;

	if (!at || ++at >= end || !scan_u64(&at, &number) || number != uid)
		return false;
	*name_out = (struct str) { line.data, (size_t)(colon - line.data) };
	return name_out->len > 0;
}

json_t *users_name(const struct users *users, uint64_t uid)
{
	const char *at = buf_text(&users->passwd);
	struct str line, name;
	char number[24];

	while (scan_line(&at, &line))
		if (line_is(line, uid, &name))
			return json_str(name);
	(void)snprintf(number, sizeof(number), "%" PRIu64, uid);
	return json_text(number, strlen(number));
}
