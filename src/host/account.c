#include "host/account.h"

#include <inttypes.h>
#include <string.h>

#define FILE_MAX_BYTES (1 * MIB)
#define MAX_FIELDS 8

/* Splits "a:b:c" into borrowed fields; returns how many. */
static size_t split(struct str line, struct str fields[MAX_FIELDS])
{
	const char *at = line.data, *end = line.data + line.len;
	size_t n = 0;

	while (n < MAX_FIELDS) {
		const char *colon = memchr(at, ':', (size_t)(end - at));

		fields[n++] = (struct str) { at, (size_t)((colon ? colon : end) - at) };
		if (!colon)
			break;
		at = colon + 1;
	}
	return n;
}

static bool to_id(struct str field, uint32_t *id_out)
{
	char text[16];
	const char *at = text;
	uint64_t value;

	if (!field.len || field.len >= sizeof(text))
		return false;
	str_copy(field, text, sizeof(text));
	if (!scan_u64(&at, &value) || *at || value > UINT32_MAX)
		return false;
	*id_out = (uint32_t)value;
	return true;
}

static bool has_member(struct str members, const char *name)
{
	size_t len = strlen(name);
	const char *at = members.data, *end = members.data + members.len;

	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t n = (size_t)((comma ? comma : end) - at);

		if (n == len && memcmp(at, name, n) == 0)
			return true;
		at += n + 1;
	}
	return false;
}

static void find_groups(const struct host *host, struct account *account)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct str line, fields[MAX_FIELDS];
	const char *at;

	buf_init(&text, FILE_MAX_BYTES);
	if (host_read_buf(host, "etc/group", &text) < 0)
		return;
	at = buf_text(&text);
	while (account->n_groups < ACCOUNT_MAX_GROUPS && scan_line(&at, &line)) {
		uint32_t gid;

		if (split(line, fields) >= 4 && to_id(fields[2], &gid) &&
		    has_member(fields[3], account->name))
			account->groups[account->n_groups++] = gid;
	}
}

/* All but its groups. */
static bool find(const struct host *host, const char *name, uid_t uid, struct account *account_out)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct str line, fields[MAX_FIELDS];
	const char *at;

	buf_init(&text, FILE_MAX_BYTES);
	if (host_read_buf(host, "etc/passwd", &text) < 0)
		return false;
	at = buf_text(&text);
	while (scan_line(&at, &line)) {
		struct account account = { 0 };
		uint32_t id, gid;

		if (split(line, fields) < 4 || !to_id(fields[2], &id) || !to_id(fields[3], &gid))
			continue;
		if (name ? !str_is(fields[0], name) : id != uid)
			continue;
		account.uid = id;
		account.gid = gid;
		str_copy(fields[0], account.name, sizeof(account.name));
		*account_out = account;
		return true;
	}
	return false;
}

bool account_find_name(const struct host *host, const char *name, struct account *account_out)
{
	if (!find(host, name, 0, account_out))
		return false;
	find_groups(host, account_out);
	return true;
}

bool account_find_uid(const struct host *host, uid_t uid, struct account *account_out)
{
	if (!find(host, NULL, uid, account_out))
		return false;
	find_groups(host, account_out);
	return true;
}

bool account_find_group(const struct host *host, const char *name, gid_t *gid_out)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct str line, fields[MAX_FIELDS];
	const char *at;
	uint32_t gid;

	buf_init(&text, FILE_MAX_BYTES);
	if (host_read_buf(host, "etc/group", &text) < 0)
		return false;
	at = buf_text(&text);
	while (scan_line(&at, &line)) {
		if (split(line, fields) < 3 || !str_is(fields[0], name) || !to_id(fields[2], &gid))
			continue;
		*gid_out = gid;
		return true;
	}
	return false;
}

const char *account_name(const struct host *host, uid_t uid, char text[ACCOUNT_NAME_BYTES])
{
	struct account account;

	if (find(host, NULL, uid, &account))
		text_format(text, ACCOUNT_NAME_BYTES, "%s", account.name);
	else
		text_format(text, ACCOUNT_NAME_BYTES, "%" PRIu32, (uint32_t)uid);
	return text;
}
