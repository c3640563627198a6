/*
 * Inquiries: investigations on the server.
 *
 * Each runs in processes constable-investigator, one per host, which have neither network nor
 * host nor credential: what they ask for becomes calls of the queue (only tools that read, by
 * the agent's own catalogue), in the name of who asked; what comes back goes to them with its
 * SHA-256, and into the store as evidence of the thread.
 *
 * Everything is in the store before anybody hears of it, so that a server that was killed goes
 * on where it was: it starts the investigators again, and what was answered before is answered
 * from the store, a call that was under way is waited for, nothing is asked twice.
 *
 * Several hosts: the engine runs for each by itself, on evidence numbers of its own, and the
 * reports become one (investigation/joint.h). A host that is not connected is among the unknowns.
 *
 * A thread is a conversation. Its evidence is numbered e1, e2, ... through all its questions. A
 * follow-up begins with what the thread was told in the last INQUIRY_FRESH_NS (what is older
 * may not hold any more: it is asked again, and stays on record); it runs on the same hosts if
 * it names none. One question at a time: a second one is -EEXIST.
 */
#pragma once

#include <event2/event.h>

#include "base/buf.h"
#include "base/json.h"
#include "server/hub/hub.h"
#include "server/inquiry/inquiry_watch.h"
#include "server/inquiry/use.h"

#define INQUIRY_MAX_AGENTS 8
#define INQUIRY_PROMPT_MAX_BYTES (16 * KIB)
#define INQUIRY_ID_BYTES 65 /* of a thread or an investigation, with its NUL */
#define INQUIRY_FRESH_NS (300 * NS_PER_SEC)
#define INQUIRY_MAX_WAITING 1000 /* beyond the concurrent ones: -EBUSY */

struct inquiries;

/* Of one investigation; 0 stands for the server's own limit, which is also the highest. */
struct inquiry_budget {
	uint64_t time_ns;
	unsigned calls;
	uint64_t tokens, cost_micros; /* in all; millionths of a dollar */
};

/* What a host answered to a call of an investigation. */
struct inquiry_answer {
	const char *org, *agent, *tool;
	const char *bytes; /* JSON text */
};

/* NULL: it cannot be said now. */
typedef void inquiry_impact(const json_t *impact, void *data);

struct inquiry_config {
	struct event_base *base;
	struct store *store;
	struct hub *hub;
	struct courier *courier;              /* for models; NULL: none */
	const struct model_endpoints *models; /* borrowed; or NULL */
	struct mcp_servers *mcp_servers;      /* of others, for models; NULL: none */
	const char *executables;              /* the folder of constable-investigator */
	const char *owner;                    /* who we are, the same after a restart; copied */
	bool is_alone;                        /* no other server has this database */
	unsigned concurrent;                  /* on this server; more wait as 'queued' */
	unsigned per_org;
	struct inquiry_budget budget;
	struct use org_day, all_day; /* budgets of 24 hours (use.h) */
	/* How long a person's approval, and an answer, is waited for, beside the budget. */
	uint64_t approval_ns, answer_ns;

	/*
	 * It has ended (done, failed or interrupted), and that is in the store; also of those
	 * that were found unfinished after a restart. NULL: nobody asks.
	 */
	void (*finished)(const char *org, const char *investigation, void *data);
	/* Appeals were asked or ended: destinations may be to be told (appeal.h). NULL: nobody. */
	void (*appealed)(void *data);
	/* Lines were added to that org's audit log: they are to be sealed. NULL: nobody does. */
	void (*audited)(const char *org, void *data);
	/* Each answer of a host, once it is evidence. NULL: nobody asks. */
	void (*heard)(const struct inquiry_answer *answer, void *data);
	/*
	 * Reads an incident's impact anew, with what this investigation brought to light; 'done' is
	 * called once, never before it returns. NULL: what the request says is reported.
	 */
	void (*read_impact)(const char *org, const char *incident, inquiry_impact *done,
			    void *done_data, void *data);
	/* What starts investigators has ended: only a new server has one. Or NULL. */
	void (*lost)(void *data);
	void *data;
};

/* Starts the process that starts investigators: call it before the server's walls. */
struct inquiries *inquiries_new(const struct inquiry_config *config, struct error *err);
/* The server is about to end: nothing starts any more, what runs goes on with its next start. */
void inquiries_stop(struct inquiries *inquiries);
/* The same, and no callback comes afterwards. */
void inquiries_free(struct inquiries *inquiries);
/* The store is ready, or we took over from another server: what is unfinished goes on here. */
void inquiries_resume(struct inquiries *inquiries);

/* Of the batch that declares 'from' dead: what it had is ours, and its writes are refused. */
#define INQUIRIES_TAKE_PARAMS 3
struct store_step inquiries_take_step(const struct inquiries *inquiries, const char *from,
				      struct store_value room[INQUIRIES_TAKE_PARAMS]);
/* We may have been taken for dead: what is not ours any more ends here, unsaid. */
void inquiries_doubt(struct inquiries *inquiries);

/* Copied. Texts may be NULL where "or NULL" stands; arrays are JSON arrays of texts or NULL. */
struct inquiry_request {
	const char *org;
	const char *caller; /* "key_id/name", for the hosts' audit logs */
	const char *prompt;
	const char *thread;   /* to go on with, or its wanted name; or NULL: a new one */
	const char *incident; /* or NULL */
	const char *engine;   /* "builtin" or a model's name; or NULL */
	const json_t *agents; /* ids, at most INQUIRY_MAX_AGENTS; NULL or none: the thread's */
	const json_t *namespaces;
	const json_t *services; /* the first is what collect_context is asked about */
	const json_t *notes;    /* what the report has to say of the request: [{what, why}] */
	const json_t *images;   /* for a model that sees, checked (model/image.h) */
	const json_t *impact;   /* of the incident (service/impact.h), for the report; or NULL */
	const json_t *remedy;   /* that it offers (remedy.h), or NULL */
	const char *remedies;   /* "none": of what it proves no remedy is offered; or NULL */
	const json_t *said;     /* what clients say of it (documented_record.h), or NULL */
	uint64_t fired_at_ns;   /* wall clock; 0: none, the window is 'since' */
	uint64_t since_s;       /* 0: 900, or from 15 minutes before fired_at */
	struct inquiry_budget budget;
	const struct store_step *record; /* one of the caller's for the same batch, or NULL */
};

/*
 * It is in the store with its first event, or 'err' says why not: -EEXIST the thread is busy,
 * -ENOENT no agents (and none in the thread), -EBUSY too many wait, -EINVAL, -ESHUTDOWN, and
 * what the store says. Never before inquiry_start() returns; the texts are borrowed.
 */
typedef void inquiry_started(const char *investigation, const char *thread, const struct error *err,
			     void *data);
void inquiry_start(struct inquiries *inquiries, const struct inquiry_request *request,
		   inquiry_started *done, void *data);

/* Whether it is "builtin" or a model that is configured; whether it is one that sees images. */
bool inquiry_knows_engine(const struct inquiries *inquiries, const char *engine);
bool inquiry_sees(const struct inquiries *inquiries, const char *engine);

/* What constable_investigation* and constable_model_* say in /metrics. */
void inquiry_metrics(const struct inquiries *inquiries, struct buf *page);
