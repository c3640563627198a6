/*
 * The guardian: constable-guardian, which holds what keeps programs in the kernel.
 *
 * A program is attached as long as somebody holds its link. The guardian is the only one who
 * does; it closes each at its time, whatever has become of everybody else, by a clock that also
 * counts while the host sleeps (CLOCK_BOOTTIME). It parses nothing: records of fixed size come
 * over a UNIX socket, one client at a time, of its own user. When its client goes, what does not
 * keep goes too, and the rest is handed to the next. It ends when it holds nothing and nobody is
 * there.
 */
#pragma once

#include "base/error.h"

/* A steward has that three times at once, see STEWARD_FILES in call/sandbox/helper.c. */
#define GUARDIAN_MAX_ENTRIES 768

enum guardian_verb {
	GUARDIAN_HOLD,    /* with a descriptor */
	GUARDIAN_RENEW,   /* all of 'id' end at 'expires_ns' */
	GUARDIAN_RELEASE, /* closes all of 'id' */
	GUARDIAN_LIST,    /* answered by GUARDIAN_ENTRY for each, and GUARDIAN_DONE */
	GUARDIAN_ENTRY,   /* with the descriptor */
	GUARDIAN_DONE,
	GUARDIAN_REFUSED,
};

enum guardian_kind {
	GUARDIAN_LINK,
	GUARDIAN_PROGRAM,
	GUARDIAN_MAP,
};

struct guardian_record {
	uint32_t verb;
	uint32_t kind;
	uint32_t number;     /* among those of its kind */
	uint32_t owner;      /* of a link: the number of its program */
	uint64_t id;         /* of the program in the journal */
	uint64_t expires_ns; /* CLOCK_BOOTTIME */
	uint32_t keeps;      /* stays when the client goes */
	uint32_t reserved;
};

uint64_t guardian_now_ns(void);

/* Serves clients of a listening socket; returns when there is nothing to hold. */
int guardian_serve(int listener, struct error *err) MUST_CHECK;

/* --- a client ---------------------------------------------------------------------------- */

struct guardian {
	int fd; /* -1: there is none */
};

/* Connects to the one whose socket is at 'path'; without one 'fd' is -1, which is no failure. */
int guardian_connect(struct guardian *guardian, const char *path, struct error *err) MUST_CHECK;

/* The same, and starts one from that folder if there is none. */
int guardian_start(struct guardian *guardian, const char *path, const char *executables,
		   struct error *err) MUST_CHECK;
void guardian_close(struct guardian *guardian);

/* The descriptor stays the caller's. */
int guardian_hold(const struct guardian *guardian, const struct guardian_record *record, int fd,
		  struct error *err) MUST_CHECK;
int guardian_renew(const struct guardian *guardian, uint64_t id, uint64_t expires_ns,
		   struct error *err) MUST_CHECK;
int guardian_release(const struct guardian *guardian, uint64_t id, struct error *err) MUST_CHECK;

struct guardian_item {
	struct guardian_record record;
	int fd;
};

/* What it holds; the caller ends it with guardian_list_free(). -EMFILE where this process could not
 * take all of it, -EPIPE where there is none any more. */
int guardian_list(const struct guardian *guardian, struct guardian_item **items_out, size_t *n_out,
		  struct error *err) MUST_CHECK;
void guardian_list_free(struct guardian_item *items, size_t n);
/* One of that list, or NULL. */
const struct guardian_item *guardian_find(const struct guardian_item *items, size_t n, uint64_t id,
					  enum guardian_kind kind, uint32_t number);
