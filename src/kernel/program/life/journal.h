/*
 * The journal: what became of each program on this host, on disk before it happens.
 *
 * A transition is written as an intent, carried out, and written as done; each writing replaces
 * the whole file (identity/file.h), so a cut of the power leaves the one before or the one after.
 * Who opens it next finds the intent, asks the kernel what is there, and settles both. It also
 * keeps the highest sequence number seen of each name. One process has it open at a time.
 *
 * An intent is for who comes after a killed process. A cut of the power takes out of the kernel
 * what it was about, so it is not synced, and lies in a file of its own, intents.json, which
 * counts in the boot that it was written in alone; what is done lies in journal.json, synced.
 *
 *	VERIFIED -> LOADED -> CANARY -> ACTIVE -> EXPIRED | REMOVED | FAILED | ROLLED_BACK
 *
 * Beside them lie what was rolled back and why, and the artifacts that are not taken again. It is
 * never larger than what can be read again: the oldest of what is over goes first, but for what one
 * that has not ended "replaces", then nothing more is written (-E2BIG).
 */
#pragma once

#include "base/json.h"
#include "kernel/program/program.h"

#define JOURNAL_MAX_ENDED 64 /* those that are remembered once another came */
#define JOURNAL_MAX_ROLLBACKS 100
#define JOURNAL_MAX_QUARANTINED 256
#define JOURNAL_WHY_MAX_BYTES 512 /* more of a reason is cut */

enum program_state {
	PROGRAM_VERIFIED, /* signature, release and hash */
	PROGRAM_LOADED,   /* passed the kernel's verifier, attached nowhere */
	PROGRAM_CANARY,   /* attached for a short while, unless it is confirmed */
	PROGRAM_ACTIVE,
	PROGRAM_EXPIRED,
	PROGRAM_REMOVED, /* by somebody, or in favour of another */
	PROGRAM_FAILED,
	PROGRAM_ROLLED_BACK, /* for what it did, or by somebody who may */
	PROGRAM_N_STATES,
};

const char *program_state_name(enum program_state state);

/* Whether something of it is in the kernel. */
bool program_state_is_attached(enum program_state state);
bool program_state_has_ended(enum program_state state);

struct journal {
	json_t *document; /* {"boot_id", "next_id", "highest":{}, "programs":[],
			   * "rollbacks":[], "quarantine":[]} */
	size_t n_bytes;   /* as it was read last, or was to be written */
	bool is_behind;   /* the last writing failed: journal_save() it again */
	bool is_of_earlier_boot;
	int lock;
	char path[4096], intents[4096];
};

/* Makes the folder's file if there is none. Waits a while for another who has it; -EBUSY. */
int journal_open(struct journal *journal, const char *folder, struct error *err) MUST_CHECK;
void journal_close(struct journal *journal);

/* Whether what it says was of an earlier start of the host; it is of this one from then on. */
bool journal_is_of_earlier_boot(struct journal *journal);

/*
 * Members of each: "id", "name", "version", "seq", "sha256", "key_id", "state", "intent"?, "why"?,
 * "changed", "loaded"? (when it was attached first), and what its owner adds: "lost" for one that
 * ended before its time though nobody wanted it to. Borrowed.
 */
json_t *journal_programs(const struct journal *journal);
json_t *journal_find(const struct journal *journal, uint64_t id);

/* The one of that name that has not ended, or NULL; 'but' is not meant. */
json_t *journal_find_live(const struct journal *journal, const char *name, const json_t *but);

/* What was rolled back, oldest first, and what is in quarantine; borrowed. Beyond the bound the
 * oldest is forgotten. Not yet on disk. */
json_t *journal_rollbacks(const struct journal *journal);
json_t *journal_quarantine(const struct journal *journal);
void journal_add_rollback(struct journal *journal, json_t *rollback);
void journal_add_quarantined(struct journal *journal, json_t *item);
/* {"name", "version", "sha256", "why", "at"}, or NULL. */
const json_t *journal_find_quarantined(const struct journal *journal, const char *sha256);

uint64_t journal_highest_seq(const struct journal *journal, const char *name);

/* It works here, so nothing older is taken from now on; not yet on disk. */
void journal_note_seq(struct journal *journal, const json_t *program);

enum program_state journal_state(const json_t *program);

/* PROGRAM_N_STATES where there is none. */
enum program_state journal_intent(const json_t *program);

/* A new one in PROGRAM_VERIFIED that is to be loaded; takes the reference and gives it the next
 * id. Written when it returns 0, as below; else it is not there. What was borrowed of those that
 * ended is gone. */
int journal_add(struct journal *journal, json_t *program, struct error *err) MUST_CHECK;
int journal_intend(struct journal *journal, json_t *program, enum program_state state,
		   struct error *err) MUST_CHECK;
/* All that journal_set() did, as an intent is written: for who writes more at once. */
int journal_note(struct journal *journal, struct error *err) MUST_CHECK;

/* 'why' may be NULL. */
int journal_reach(struct journal *journal, json_t *program, enum program_state state,
		  const char *why, struct error *err) MUST_CHECK;

/* As JSON, cut. */
json_t *journal_why(const char *why);

/* The same, not yet on disk: several at once are one writing of journal_save(). */
void journal_set(json_t *program, enum program_state state, const char *why);
/* What was borrowed of rollbacks and the quarantine may be gone. */
int journal_save(struct journal *journal, struct error *err) MUST_CHECK;
