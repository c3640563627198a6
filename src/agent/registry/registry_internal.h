/* The registry inside. */
#pragma once

#include <event2/event.h>

#include "agent/registry/registry.h"
#include "agent/registry/wish.h"
#include "base/buf.h"
#include "courier/courier.h"
#include "kernel/program/program.h"

#define REGISTRY_URL_BYTES 2048
#define REGISTRY_TAG_BYTES 256
#define REGISTRY_ARCHIVE_MAX_BYTES 740000 /* what apply_program takes */
#define REGISTRY_PATH_BYTES 4200

enum registry_fetching {
	REGISTRY_RESTS,
	REGISTRY_FETCHES_LIST,
	REGISTRY_FETCHES_BINARY,
};

struct registry {
	struct agent *agent;
	struct courier *courier;
	struct event *timer;
	char url[REGISTRY_URL_BYTES]; /* without a slash at its end */
	bool is_own;                  /* the agent's server, by the agent's certificate */
	struct buf ca, authorization;
	char folder[REGISTRY_PATH_BYTES - 128];
	uint64_t interval_ns;

	/* What it said last, and what was done about it. */
	json_t *wishes;   /* as wish_parse() has them; NULL: it said nothing yet */
	json_t *revoked;  /* likewise */
	json_t *ids;      /* {SHA-256: ID}: of what it wanted lately */
	bool is_fleeting; /* some of it, or of the archives, is not synced yet */
	/* {NAME: {"key", "program", "version", "applied_s", "ttl_s", "sha256s":[...], and what
	 * given.c notes}} */
	json_t *records;
	/* {NAME: {"key", "sha256", "after", "at_s"}}: what the warden was asked for, and when;
	 * "after": the last id of then. */
	json_t *coming;
	char tag[REGISTRY_TAG_BYTES];
	uint64_t polled_ns; /* wall clock; 0: not since the start */
	char why[ERROR_TEXT_BYTES];
	unsigned n_failures;

	/* The request that is under way. */
	enum registry_fetching fetching;
	struct courier_call *call;
	struct buf body;
	unsigned status;
	char new_tag[REGISTRY_TAG_BYTES];
	uint64_t retry_after_s;
	int64_t began_s;      /* the poll; by the clock since the boot */
	const json_t *wanted; /* whose archive it is, of 'wishes' */
	bool is_second_path;

	/* The question to the warden that is under way, and what it is about. */
	bool is_settling, is_again;
	unsigned n_calls; /* of this settling */
	char subject[PROGRAM_NAME_BYTES];
	const char *tool; /* that was called last, */
	int64_t rest_s;   /* and for how long; 0: the wish's own time */
	/* The wish that was put to the warden last: 'wishes' may be others by the time that it
	 * answers. */
	json_t *applying;
	/* {NAME, -NAME or +NAME: {"at_s", "n", "key", "why", "is_older", "nonce"?,
	 * "args_sha256"?, "tool"?, "rest_s"?}}: its coming, going, archive; by the boot's clock. */
	json_t *retries;
};

/* --- cache.c: what lies in the folder --- */
/* What wish_parse() gave becomes what it said last. */
void registry_take(struct registry *registry, const json_t *said);
int registry_load(struct registry *registry, struct error *err) MUST_CHECK;
/* Neither this nor an archive is synced when it is saved, for what is wanted comes before:
 * registry_make_last() does it once that is done. What a cut of the power tore is fetched again. */
void registry_save_wishes(struct registry *registry);
void registry_save_records(const struct registry *registry);
/* Not synced, ever: a cut of the power ends every program, so that nothing has come. */
void registry_save_coming(const struct registry *registry);
bool registry_has_archive(const struct registry *registry, const char *sha256);
int registry_save_archive(struct registry *registry, const char *sha256, const struct buf *bytes,
			  struct error *err) MUST_CHECK;
void registry_make_last(struct registry *registry);
int registry_load_archive(const struct registry *registry, const char *sha256, struct buf *out,
			  struct error *err) MUST_CHECK;
/* Archives that nothing wants any more. */
void registry_tidy(const struct registry *registry);

/* --- fetch.c --- */
void registry_poll(struct registry *registry);

/* --- retry.c --- */
enum registry_direction {
	REGISTRY_COMES,
	REGISTRY_GOES,
	REGISTRY_FETCHED, /* its archive */
};

int64_t registry_boot_s(void);

/* NULL where there is none of that name. */
const json_t *registry_wish(const struct registry *registry, const char *name);
const json_t *registry_retry(const struct registry *registry, enum registry_direction direction,
			     const char *name);
bool registry_is_to_wait(const struct registry *registry, enum registry_direction direction,
			 const char *name);
/* What another time may go well: it says nothing of what was asked. */
bool registry_is_passing(int code);
/* About 'subject', which comes as 'applying' or goes; 'approval' is what that needs, or NULL. */
void registry_put_off(struct registry *registry, enum registry_direction direction,
		      const struct error *why, const json_t *approval);
/* That of the approval which this tool waits for, about 'subject'; or NULL. */
const char *registry_nonce(const struct registry *registry, const char *tool);
void registry_put_off_archive(struct registry *registry, const json_t *wish,
			      const struct error *why);
void registry_forget_retry(struct registry *registry, enum registry_direction direction,
			   const char *name);
/* Those of what is no longer wanted as it was then, or not here any more. */
void registry_forget_changed(struct registry *registry);

/* --- records.c --- */
bool records_same(const json_t *one, const json_t *other, const char *member);
bool records_has(const json_t *list, const char *text);
/* The record of 'subject', with "sha256s":[...]: what came under that name, this one too. */
json_t *records_note(struct registry *registry, const char *sha256);
/* In a file before it is asked for, beside what is there by now: whoever is killed then knows what
 * may have come, and for which wish. */
void records_expect(struct registry *registry, const json_t *wish, const json_t *programs);
/* It has come and is recorded, or it was refused and so is not there for us. */
void records_no_longer_expect(struct registry *registry, const char *name);
/* What came though nobody lived to know, whatever became of it since; or NULL. Once more would be a
 * new life. */
const json_t *records_find_come(const json_t *coming, const char *name, const json_t *programs);

/* --- given.c --- */
/* That the program of the record has now what the wish gives it; a wish without "rest" says
 * nothing. */
void given_note(json_t *record, const json_t *wish);
/* It cannot change to that while it is attached. */
void given_note_refused(json_t *record, const json_t *wish);
/* What set_program_params is to be asked, a new reference, where nothing else of it is wanted
 * otherwise; or NULL. */
json_t *given_changes(const json_t *record, const json_t *wish);

/* --- settle.c --- */
void registry_settle(struct registry *registry);
