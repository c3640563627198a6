/*
 * An appeal: what an investigation asks of people, as a row of the store. A question, the
 * approval of a change, or that of a call to an MCP server of others; or a form, which such a
 * server asks a person to fill in (elicit.h).
 *
 * It is in the store before anybody hears of it, and once: an investigation that asks the same
 * after a restart goes on with the row that it has, and is given the answer that came meanwhile.
 * A call of a tool of an MCP server of others is approved, or refused, by an approver's key alone:
 * there is no host that would check a signature.
 * Its first end counts: answered, approved, refused, expired, or withdrawn with its investigation.
 * Destinations are told that it is open, and then how it ended.
 */
#pragma once

#include "base/json.h"
#include "server/store/store.h"

#define APPEAL_ID_BYTES 40
#define APPEAL_MAX_CHOICES 20
#define APPEAL_TEXT_BYTES 1000  /* of a question */
#define APPEAL_CHOICE_BYTES 100 /* of one of its choices */
#define APPEAL_ANSWER_BYTES (16 * KIB)
#define APPEAL_MAX_DUE 32 /* that appeal_find_due() gives at once */

struct inquiries;

/* One that destinations are to be told of; borrowed. */
struct appeal_item {
	const char *org, *id, *investigation, *thread;
	const char *incident; /* "": it belongs to none */
	bool is_open;
	bool was_told; /* that it is open */
	/*
	 * {"id", "type": "question", "change" or "tool", "state", "expires", "investigation",
	 * "by"?, "answer"?, "host"}; of a question "text" and "choices", of a change "request_id"
	 * (its call), "tool", "risk", "arguments" (ASCII JSON), "args_sha256", "why"; of a tool the
	 * same, with the appeal's own id as "request_id", and "mcp_server", "mcp_tool",
	 * "was_allowed"; of a form "request_id", "mcp_server", "mcp_tool" and "form" (form.h),
	 * without the address of one that sends somewhere, which may be a login.
	 */
	const json_t *document;
};

struct appeal_finder {
	void (*found)(const struct appeal_item *item, void *data);
	/* Once, last, never before the call returns. */
	void (*done)(const struct error *err, void *data);
	void *data;
};
void appeal_find_due(struct store *store, const struct appeal_finder *finder);

/*
 * The step that says what has been told of it; it holds only where that is new, and lives in
 * 'room' until its batch was submitted.
 */
enum appeal_told {
	APPEAL_TOLD_OPEN = 1,
	APPEAL_TOLD_END = 2, /* also: nobody is to be told any more */
};

#define APPEAL_PARAMS 3
struct store_step appeal_step(const char *org, const char *id, enum appeal_told told,
			      struct store_value room[APPEAL_PARAMS]);

/*
 * The answer to one question, or what was decided of a call, whichever server runs its
 * investigation. Copied but for 'record'.
 */
enum appeal_say {
	APPEAL_ANSWER,  /* of a question */
	APPEAL_APPROVE, /* of a tool; the text is ours */
	APPEAL_REFUSE,
	APPEAL_FILL,    /* a form of a server of others: "text" is {"action", "content"} */
	APPEAL_DECLINE, /* the same without content */
};

struct appeal_answer {
	const char *org, *id;
	enum appeal_say say;
	const char
		*text; /* of a form it is kept nowhere, and sealed on its way to another server */
	const char *by;
	const struct store_step *record; /* one of the caller's for the same batch */
	/* NULL once it is in the store; -ENOENT: nothing waits for it (any more). */
	store_done *done;
	void *data;
};
void appeal_give(struct inquiries *inquiries, const struct appeal_answer *answer);
