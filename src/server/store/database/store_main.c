/*
 * constable-store: the process that owns the database.
 *
 * Started by the server with a socket as standard input, over which it is first
 * told where the database is: a password is in no argument and no environment.
 * Migrates, raises its walls, then serves until the socket ends. Exit status 0:
 * the server is gone; 1: it failed, and has said why over the socket.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "server/store/database/migrate_internal.h"
#include "server/store/database/serve_internal.h"

#define SERVER_FD STDIN_FILENO
#define OPEN_MAX_BYTES (8 * KIB)

/* Sanitizers need more memory than any limit that would mean something. */
#ifdef MEMORY_MAX_MIB
#define MEMORY_MAX_BYTES (MEMORY_MAX_MIB * MIB)
#else
#define MEMORY_MAX_BYTES RLIM_INFINITY
#endif

/* Dies with the server, is stopped only by it, and shows its memory to nobody. */
static void prepare_process(void)
{
	const struct rlimit no_core = { 0, 0 };
	const struct rlimit memory = { MEMORY_MAX_BYTES, MEMORY_MAX_BYTES };
	static const int ignored[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP };

	(void)prctl(PR_SET_NAME, "constable-store", 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)setrlimit(RLIMIT_DATA, &memory);
	(void)umask(077);
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
}

/* Exactly the first message, so that what follows it stays in the socket. */
static int read_place(char place[OPEN_MAX_BYTES], struct error *err)
{
	char bytes[OPEN_MAX_BYTES];
	struct wire_message message;
	const char *text;
	uint32_t size;
	int r = fd_read_all(SERVER_FD, bytes, sizeof(size));

	if (r < 0)
		return error_set(err, r, "nobody says where the database is");
	memcpy(&size, bytes, sizeof(size));
	if (size > sizeof(bytes) - sizeof(size))
		return error_set(err, -E2BIG, "the name of the database is too long");
	r = fd_read_all(SERVER_FD, bytes + sizeof(size), size);
	if (r < 0 || wire_decode(bytes, sizeof(size) + size, &message) <= 0 ||
	    message.type != WIRE_OPEN || wire_decode_text(message.body, &text) < 0)
		r = error_set(err, -EBADMSG, "nobody says where the database is");
	else
		text_format(place, OPEN_MAX_BYTES, "%s", text);
	explicit_bzero(bytes, sizeof(bytes));
	return r;
}

/* Whether another attempt may find what this one did not. */
static enum wire_finality finality_of(int code)
{
	static const int passing[] = { -EIO, -ENOSPC, -EBUSY, -EAGAIN, -ETIMEDOUT, -ECONNREFUSED };

	for (size_t i = 0; i < ARRAY_LEN(passing); i++)
		if (code == passing[i])
			return WIRE_PASSING;
	return WIRE_FINAL;
}

static int tell(const struct error *err)
{
	CLEANUP(buf) struct buf out = { 0 };

	buf_init(&out, KIB);
	wire_encode_failure(&out, WIRE_STATE, 0,
			    &(struct wire_failure) { .code = err->code,
						     .finality = finality_of(err->code),
						     .text = err->text });
	return fd_write_all(SERVER_FD, buf_text(&out), out.len);
}

static struct database *open_database(const struct driver **driver_out, struct error *err)
{
	char place[OPEN_MAX_BYTES] = "";
	struct database *db = NULL;

	if (read_place(place, err) == 0) {
		*driver_out = driver_find(place);
		db = (*driver_out)->open(place, err);
	}
	explicit_bzero(place, sizeof(place));
	return db;
}

static int run(struct error *err)
{
	const struct error well = { 0 };
	const struct driver *driver = NULL;
	struct database *db = open_database(&driver, err);
	int r;

	if (!db)
		return err->code;
	r = migrate(driver, db, migrations, err);
	if (r == 0)
		r = driver->confine(err);
	if (r == 0)
		r = tell(&well);
	if (r == 0)
		r = serve(driver, db, SERVER_FD, err);
	driver->close(db);
	return r;
}

int main(int argc, char **argv UNUSED)
{
	struct error err = { 0 };

	log_set("constable-store", LOG_LEVEL_INFO);
	if (argc != 1) {
		(void)fputs("usage: constable-store, by constable-server\n", stderr);
		return 2;
	}
	prepare_process();
	if (run(&err) < 0)
		(void)tell(&err); /* to a server that may be gone */
	/* Everything is closed, and what a library does at an exit needs what walls forbid. */
	_exit(err.code == 0 ? 0 : 1);
}
