/*
 * One request and its answer: checked on the way in, checked (in tests) on the way out.
 *
 * A handler gets it with the caller known and allowed, and with query and body as their
 * schemas want them. It answers exactly once, mostly after one or two trips to the store;
 * then the exchange is no more, with all that exchange_alloc() gave.
 */
#pragma once

#include "server/api/api.h"
#include "server/org/audit.h"

struct caller {
	enum role role;
	struct org *org;               /* NULL only for ROLE_NONE */
	char id[CERTIFICATE_ID_BYTES]; /* of the key or of the agent */
	char name[ORG_NAME_BYTES];
	const char *actor; /* what the id is one of, where that is no key: "slack"; or NULL */
	uint64_t until_ns; /* of an access token (monotonic); else 0 */
};

/* As whose requests and streams are held (net/http_server.h): "ORG/ID". */
void caller_holds(const char *org, const char *id, char holder[HTTP_HOLDER_BYTES]);

typedef void exchange_done(struct exchange *exchange, const struct store_result *result);

struct exchange {
	struct api *api;
	struct http_request *http;
	const struct router_entry *entry;
	struct caller caller;
	char params[ROUTE_MAX_PARAMS][ROUTER_PARAM_BYTES]; /* as in the pattern */
	json_t *query;                                     /* an object, checked */
	json_t *body; /* checked; NULL where the route has no schema */
	void *data;   /* the handler's */

	/* Where that owns what exchange_alloc() does not know: called at the end. Or NULL. */
	void (*finish)(struct exchange *exchange);

	/*
	 * Where a failure of the store means something: set before exchange_submit(), it gets
	 * the error instead of the client. Answers, or calls exchange_fail().
	 */
	void (*failed)(struct exchange *exchange, const struct error *err);

	/* private */
	struct within *within; /* who asked from within, or NULL */
	exchange_done *done;
	void (*recorded)(struct exchange *exchange);
	struct audit_record record;
	const char *notice; /* of the next batch, for other servers (store/batch.h); or NULL */
	struct exchange_memory *memory;
	struct org *audited;
};

/* Never NULL, zeroed, and freed with the exchange. */
void *exchange_alloc(struct exchange *exchange, size_t size);
/* A formatted text of the same life. */
const char *exchange_text(struct exchange *exchange, const char *format, ...) PRINTF_LIKE(2, 3);

/* Answers with the route's own status; takes the reference. */
void exchange_answer(struct exchange *exchange, json_t *body);
void exchange_answer_text(struct exchange *exchange, unsigned status, const char *type,
			  const char *text);
void exchange_answer_bytes(struct exchange *exchange, const char *type, struct str bytes);
/*
 * The answer to come has this ETag, quoted. True: the client has it already (If-None-Match), and
 * was told so with 304.
 */
bool exchange_is_known(struct exchange *exchange, const char *tag);
/* As {"error": sentence, "code": code}; NULL: the word for the status. */
void exchange_refuse(struct exchange *exchange, unsigned status, const char *code,
		     const char *format, ...) PRINTF_LIKE(4, 5);
/* A JSON answer of another status than the route's; takes the reference. */
void exchange_answer_other(struct exchange *exchange, unsigned status, json_t *body);
/* By the error's code. */
void exchange_fail(struct exchange *exchange, const struct error *err);
/* The request was answered by somebody else (a stream, a WebSocket). */
void exchange_end(struct exchange *exchange);

/* A batch within the caller's org; 'done' comes with its result, failures are answered. */
void exchange_submit(struct exchange *exchange, const struct store_step *steps, unsigned n_steps,
		     exchange_done *done);
/* The same across all orgs, for what comes before an org is known. */
void exchange_submit_all(struct exchange *exchange, const struct store_step *steps,
			 unsigned n_steps, exchange_done *done);

/* Only reads, and waits for no commit of others: see is_question in store/batch.h. */
void exchange_ask(struct exchange *exchange, const char *org, const struct store_step *steps,
		  unsigned n_steps, exchange_done *done);

/* One step: SQL, expectation, parameters. They live until the end of the calling block. */
#define STEP(text, expectation, ...)                                                   \
	{                                                                              \
		.sql = (text), .params = (const struct store_value[]) { __VA_ARGS__ }, \
		.n_params = sizeof((const struct store_value[]) { __VA_ARGS__ }) /     \
			    sizeof(struct store_value),                                \
		.expect = (expectation)                                                \
	}

/* $1 of every batch in an org. */
struct store_value exchange_org(const struct exchange *exchange);
/* Now, for the store; and for rates. */
struct store_value exchange_now(void);
uint64_t exchange_ticks(void);

/*
 * The audit record of what this exchange changes, as a step of the same batch. 'details'
 * (NULL: {}) is taken over. One per exchange; the caller must be known.
 */
struct store_step exchange_audit(struct exchange *exchange, const char *action, const char *target,
				 json_t *details);
/* For changes that are not made by a batch of ours: records first, then calls 'then'. */
void exchange_record(struct exchange *exchange, const struct store_step *audit,
		     void (*then)(struct exchange *exchange));
/* It was stored in a batch of somebody else's. */
void exchange_recorded(struct exchange *exchange);
/* "key/ID", "agent/ID", "slack/ID" */
const char *exchange_actor(struct exchange *exchange);

/* Who asks, by key or certificate; 401 where it is nobody. Then calls 'then'. */
void exchange_authenticate(struct exchange *exchange, void (*then)(struct exchange *exchange));
/* The same with a key that came another way. */
void exchange_authenticate_key(struct exchange *exchange, const char *key,
			       void (*then)(struct exchange *exchange));
/* The key of Authorization: Bearer or X-API-Key, or NULL. */
const char *exchange_credential(const struct exchange *exchange);

/* Columns of a row as members of an object; ends with a row without name. */
enum column_kind {
	COLUMN_TEXT, /* null where the store has none */
	COLUMN_INT,
	COLUMN_TIME, /* RFC 3339 */
	COLUMN_JSON, /* stored as JSON text */
	COLUMN_FLAG,
};

struct column {
	const char *name;
	enum column_kind kind;
};

json_t *exchange_row(const struct store_rows *rows, unsigned row, const struct column *columns);
/* {"NAME": [...]} */
json_t *exchange_rows(const struct store_rows *rows, const char *name,
		      const struct column *columns);

/* Texts and numbers of the checked body. */
const char *exchange_member(const struct exchange *exchange, const char *name,
			    const char *otherwise);
