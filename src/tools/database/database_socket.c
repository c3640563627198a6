#include "tools/database/database_socket.h"

#include <string.h>

#include "base/fd.h"
#include "host/network.h"
#include "host/permission.h"

#define TABLE_MAX_BYTES (8 * MIB)

static bool is_match(const char *path, const char *const *words)
{
	const char *base = strrchr(path, '/');
	size_t len = strlen(path);

	if (path[0] != '/' || !base || len < 6 || strcmp(path + len - 5, ".sock") != 0)
		return false;
	for (; *words; words++)
		if (strstr(base, *words))
			return true;
	return false;
}

/* Programs of those names, one after the other; 'skip' of them are passed over. */
static const struct program *nth(const struct programs *programs, const char *const *names,
				 uid_t uid, size_t skip)
{
	for (; *names; names++) {
		const struct program *program = NULL;

		while ((program = programs_next(programs, *names, program)) != NULL)
			if ((uid == (uid_t)-1 || program->uid == uid) && skip-- == 0)
				return program;
	}
	return NULL;
}

static size_t count_owner(const struct database_sockets *sockets, uid_t uid)
{
	size_t n = 0;

	for (size_t i = 0; i < sockets->n; i++)
		n += sockets->list[i].owner.uid == uid;
	return n;
}

static void add(const struct host *host, const struct programs *programs, const char *const *names,
		const char *path, struct database_sockets *sockets)
{
	struct database_socket *socket = &sockets->list[sockets->n];
	struct stat stat;
	uid_t uid = (uid_t)-1;

	*socket = (struct database_socket) { 0 };
	text_format(socket->path, sizeof(socket->path), "%s", path);
	if (*path && host_lstat(host, path, &stat) == 0)
		uid = stat.st_uid;
	socket->program = nth(programs, names, uid, count_owner(sockets, uid));
	if (!socket->program)
		socket->program = nth(programs, names, uid, 0);
	if (uid == (uid_t)-1 && socket->program)
		uid = socket->program->uid;
	if (!account_find_uid(host, uid, &socket->owner))
		socket->owner.uid = uid;
	sockets->n++;
}

/* A job sees only the declared folder of sockets: those elsewhere are named, but last. */
static void reachable_first(const struct host *host, struct database_sockets *sockets)
{
	for (size_t i = 1; i < sockets->n; i++) {
		struct database_socket moved = sockets->list[i];
		size_t at = i;

		if (!host_exists(host, moved.path + 1))
			continue;
		for (; at > 0 && !host_exists(host, sockets->list[at - 1].path + 1); at--)
			sockets->list[at] = sockets->list[at - 1];
		sockets->list[at] = moved;
	}
}

void database_sockets_find(const struct host *host, const struct programs *programs,
			   const char *const *words, const char *const *names,
			   struct database_sockets *sockets_out)
{
	CLEANUP(fd) int fd = network_open(host, "unix");
	CLEANUP(lines) struct lines lines = { 0 };
	struct database_sockets sockets = { 0 };
	struct str line;

	if (fd >= 0)
		lines_init(&lines, fd, TABLE_MAX_BYTES);
	while (fd >= 0 && sockets.n < DATABASE_MAX_SOCKETS && lines_next(&lines, &line)) {
		struct unix_line parsed;
		char path[108];

		if (!unix_line_parse(line.data, &parsed) || !unix_line_is_listening(&parsed) ||
		    parsed.path.len >= sizeof(path))
			continue;
		str_copy(parsed.path, path, sizeof(path));
		if (is_match(path, words))
			add(host, programs, names, path, &sockets);
	}
	reachable_first(host, &sockets);
	if (!sockets.n && nth(programs, names, (uid_t)-1, 0))
		add(host, programs, names, "", &sockets);
	*sockets_out = sockets;
}
