/*
 * Runs one investigation in a constable-investigator child, which has neither
 * network nor host: it asks for tools over one descriptor, and this side
 * forwards its calls (and nothing else) to the gate.
 */
#pragma once

#include "cli/ask/interrupt.h"
#include "cli/command.h"

/* Whoever wants to see it happen. */
struct watcher {
	void (*call_started)(struct watcher *watcher, json_int_t id, const char *tool,
			     const char *args);
	void (*call_ended)(struct watcher *watcher, json_int_t id, int code, double elapsed_ms);
	void (*thought)(struct watcher *watcher, const char *text);
	void (*tick)(struct watcher *watcher); /* ten times a second at least */
	/* In place of tick(): somebody is asked, so nothing is to stand below that. */
	void (*pause)(struct watcher *watcher);
};

struct investigation {
	const char *question;
	uint64_t since_s; /* the window begins this long ago */
	enum investigation_extent {
		EXTENT_ENOUGH,     /* what tells the likely causes apart */
		EXTENT_EVERYTHING, /* all that any cause draws on */
	} extent;
	uint64_t timeout_ns;         /* of the whole investigation */
	const char *engine;          /* "builtin", NULL for the same, or a model's name */
	const json_t *record;        /* a case that answers instead of this host, or NULL */
	const json_t *remedy;        /* that was said yes to, to be made and verified; or NULL */
	int64_t waited_s;            /* for that yes */
	const json_t *catalogue;     /* what describes the tools of a record, or NULL */
	struct watcher *watcher;     /* or NULL */
	struct interrupt *interrupt; /* or NULL */

	/* Filled: new references, the bundle NULL if none came; 'events' are part of it too. */
	json_t *report;
	json_t *bundle;
	json_t *events;
};

/*
 * -ECANCELED after an interrupt: every open call has been cancelled, and neither
 * the investigator nor a private warden is left.
 */
int investigate(const struct cli *cli, struct investigation *investigation,
		struct error *err) MUST_CHECK;

/* Recomputes the report of a bundle, with host and network denied. */
int investigate_replay(const struct cli *cli, const char *bundle_path, json_t **report_out,
		       struct error *err) MUST_CHECK;

/* Checks the causes of 'cli'; fills what the check said, also on failure. */
int investigate_validate(const struct cli *cli, char *said, size_t size,
			 struct error *err) MUST_CHECK;

void investigation_finish(struct investigation *investigation);
void investigation_cleanup(struct investigation *investigation);
