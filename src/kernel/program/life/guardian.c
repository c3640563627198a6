#include "kernel/program/life/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/program/life/record_internal.h"

#define LISTENER_FD 3

static int make_address(const char *path, struct sockaddr_un *address, struct error *err)
{
	*address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address->sun_path))
		return error_set(err, -ENAMETOOLONG, "the path '%s' is too long for a socket",
				 path);
	text_copy(address->sun_path, sizeof(address->sun_path), path);
	return 0;
}

int guardian_connect(struct guardian *guardian, const char *path, struct error *err)
{
	CLEANUP(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;

	guardian->fd = -1;
	if (make_address(path, &address, err) < 0)
		return err->code;
	if (fd < 0)
		return error_errno(err, "make a socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		guardian->fd = fd_take(&fd);
	else if (errno != ENOENT && errno != ECONNREFUSED)
		return error_errno(err, "connect to the guardian at '%s'", path);
	return 0;
}

static int listen_at(const char *path, struct error *err)
{
	CLEANUP(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	mode_t old_mask;
	int r;

	if (make_address(path, &address, err) < 0)
		return err->code;
	if (fd < 0)
		return error_errno(err, "make a socket");
	(void)unlink(path); /* a dead one's */
	old_mask = umask(077);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address));
	(void)umask(old_mask);
	if (r < 0 || listen(fd, 4) < 0)
		return error_errno(err, "listen at '%s'", path);
	return fd_take(&fd);
}

/*
 * To the top of version 2: below the group of our unit it would keep the service manager from
 * starting that again, since a group that hands controllers to others takes no process itself.
 */
static void leave_group(void)
{
	static const char *const files[] = { "/sys/fs/cgroup/cgroup.procs",
					     "/sys/fs/cgroup/unified/cgroup.procs" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		CLEANUP(fd) int fd = open(files[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0)
			(void)!write(fd, "0", 1); /* where it may not, it stays */
	}
}

/* It has nothing of ours but the socket, and belongs to nobody's session or unit. */
static _Noreturn void become(const char *executables, int listener)
{
	char path[4096];
	int null = open("/dev/null", O_RDWR);

	text_format(path, sizeof(path), "%s/constable-guardian", executables);
	(void)setsid();
	if (fork() != 0)
		_exit(0);
	leave_group();
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(1);
	if (listener == LISTENER_FD)
		(void)fcntl(listener, F_SETFD, 0);
	else if (dup2(listener, LISTENER_FD) < 0)
		_exit(1);
	(void)close_range(LISTENER_FD + 1, ~0U, 0);
	(void)execl(path, "constable-guardian", "--fd", "3", (char *)NULL);
	_exit(1);
}

int guardian_start(struct guardian *guardian, const char *path, const char *executables,
		   struct error *err)
{
	CLEANUP(fd) int listener = -1;
	pid_t pid;

	/* It serves one client at a time, and that may be us. */
	if (guardian->fd >= 0)
		return 0;
	if (guardian_connect(guardian, path, err) < 0 || guardian->fd >= 0)
		return err->code;
	listener = listen_at(path, err);
	if (listener < 0)
		return listener;
	/* Before it is there: it serves whoever it finds. */
	if (guardian_connect(guardian, path, err) < 0)
		return err->code;
	pid = fork();
	if (pid < 0)
		return error_errno(err, "start the guardian");
	if (pid == 0)
		become(executables, listener);
	(void)waitpid(pid, NULL, 0);
	return 0;
}

void guardian_close(struct guardian *guardian)
{
	fd_close(&guardian->fd);
}

static int ask(const struct guardian *guardian, const struct guardian_record *record, int fd,
	       struct error *err)
{
	struct guardian_record answer;
	int none = -1;

	if (record_send(guardian->fd, record, fd) < 0 ||
	    record_receive(guardian->fd, &answer, &none) < 0)
		return error_set(err, -EPIPE, "the guardian is gone");
	fd_cleanup(&none);
	return answer.verb == GUARDIAN_DONE
		       ? 0
		       : error_set(err, -ENOSPC, "the guardian holds %d descriptors already",
				   GUARDIAN_MAX_ENTRIES);
}

int guardian_hold(const struct guardian *guardian, const struct guardian_record *record, int fd,
		  struct error *err)
{
	struct guardian_record request = *record;

	request.verb = GUARDIAN_HOLD;
	return ask(guardian, &request, fd, err);
}

int guardian_renew(const struct guardian *guardian, uint64_t id, uint64_t expires_ns,
		   struct error *err)
{
	struct guardian_record request = { .verb = GUARDIAN_RENEW,
					   .id = id,
					   .expires_ns = expires_ns };

	return ask(guardian, &request, -1, err);
}

int guardian_release(const struct guardian *guardian, uint64_t id, struct error *err)
{
	struct guardian_record request = { .verb = GUARDIAN_RELEASE, .id = id };

	return ask(guardian, &request, -1, err);
}

void guardian_list_free(struct guardian_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fd_cleanup(&items[i].fd);
	free(items);
}

int guardian_list(const struct guardian *guardian, struct guardian_item **items_out, size_t *n_out,
		  struct error *err)
{
	struct guardian_record request = { .verb = GUARDIAN_LIST };
	/* One more for the end of the list. */
	struct guardian_item *items = calloc(GUARDIAN_MAX_ENTRIES + 1, sizeof(*items));
	size_t n = 0;
	bool is_whole = true;
	int r = record_send(guardian->fd, &request, -1);

	if (!items)
		abort();
	while (r == 0 && n <= GUARDIAN_MAX_ENTRIES) {
		r = record_receive(guardian->fd, &items[n].record, &items[n].fd);
		if (r == 0 && items[n].record.verb != GUARDIAN_ENTRY)
			break;
		is_whole = is_whole && items[n].fd >= 0;
		n += r == 0;
	}
	if (r < 0 || !is_whole) {
		guardian_list_free(items, n);
		return r < 0 ? error_set(err, -EPIPE, "the guardian is gone")
			     : error_set(err, -EMFILE,
					 "not all that the guardian holds could be handed over: "
					 "too many descriptors are open");
	}
	*items_out = items;
	*n_out = n;
	return 0;
}

const struct guardian_item *guardian_find(const struct guardian_item *items, size_t n, uint64_t id,
					  enum guardian_kind kind, uint32_t number)
{
	for (size_t i = 0; i < n; i++) {
		const struct guardian_record *record = &items[i].record;

		if (record->id == id && record->kind == kind && record->number == number)
			return &items[i];
	}
	return NULL;
}
