/*
 * MCP servers of others in a run: asked for their tools before it begins, and then for what its
 * model wants of them.
 */
#pragma once

#include "server/inquiry/offer.h"
#include "server/mcp/mcp_server.h"

#define FOREIGN_MAX_TOOLS 64 /* of a run, in all */

struct inquiries;
struct run;

struct foreign_tool {
	struct foreign *server;
	char name[OFFER_NAME_BYTES]; /* as it is offered */
	json_t *entry;               /* of the listing */
	enum mcp_use use;
	bool is_withdrawn; /* it was offered, and is no more */
};

/* One server of a run. */
struct foreign {
	struct run *run;
	struct mcp_server *server;
	struct mcp_client *client;   /* NULL: it cannot be reached */
	struct mcp_listing *listing; /* or NULL */
	unsigned n_calls;
	unsigned n_questions; /* that were put to people (elicit.h) */
	json_t *entered;      /* what they said (entered.h) */
	bool is_stale;        /* it says that its tools are others now */
	const char *gone;     /* why it is asked nothing more in this run, or NULL */
};

struct foreigners {
	struct foreign *list;
	struct foreign_tool tools[FOREIGN_MAX_TOOLS];
	unsigned n, n_tools;
	struct event *gathered; /* each has answered, or has not */
	uint64_t ticket;        /* of their rows, which are read anew; or 0 */
	bool must_reread;       /* once more */
};

/* Those of the rows; then run_begin(), once each of them has listed its tools or has not. */
void run_gather(struct run *run, const struct store_rows *servers);
/* Calls of theirs are over before. */
void run_forget_foreign(struct run *run);

/*
 * foreign_change.c: their rows have changed, or may have. What is denied, disabled, removed or
 * moved meanwhile is asked nothing more; what that ends is said, and the models are offered it no
 * more.
 */
void run_reread_foreign(struct run *run);
/* Of that org (NULL: of any) an MCP server of others was changed or removed: what runs keeps to it.
 */
void inquiries_reread_foreign(struct inquiries *inquiries, const char *org);

/*
 * foreign_result.c: the result of a call as evidence, and why one failed, as heap text. Without
 * what people entered for that server, and without secrets that it hands out.
 */
char *foreign_evidence(const struct foreign_tool *tool, const json_t *result);
char *foreign_error(const struct foreign_tool *tool, const struct mcp_outcome *outcome);

/* As it was offered to the model, or NULL. */
struct foreign_tool *foreign_find(const struct run *run, const char *name);
/* The offers beside the tools of a leg: [{name, ...}], a new reference. */
json_t *foreign_offers(const struct run *run, const json_t *tools);
