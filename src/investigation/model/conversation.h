/*
 * The conversation with a model, in a form that belongs to no provider.
 *
 * Turns alternate: {"role": "user" | "assistant", "blocks": [...]}. Blocks:
 *	{"type": "text", "text"}
 *	{"type": "image", "media_type", "data"}              of the user; see image.h
 *	{"type": "call", "id", "name", "args": {}}          what the model asks for
 *	{"type": "result", "id", "text", "failed", "short"?} what it is told, one per call
 *	{"type": "kept", "model", "block"}                  a provider's own block (thinking with
 *	                                                    its signature): for that model only
 * It is plain JSON, so that a thread keeps it and continues it after a restart.
 */
#pragma once

#include "base/json.h"

#define CONVERSATION_MAX_TURNS 512

struct conversation {
	json_t *turns; /* owned */
};

struct tool_answer {
	const char *call_id;
	const char *text;
	const char *summary; /* what stands for the text where there is no room; or NULL */
	bool is_failed;
};

void conversation_init(struct conversation *conversation);
void conversation_finish(struct conversation *conversation);
void conversation_cleanup(struct conversation *conversation);

/* What a thread kept: -EBADMSG if it is not of this form or does not alternate. */
int conversation_parse(struct conversation *conversation, const json_t *kept,
		       struct error *err) MUST_CHECK;

/* Appends to the turn of the user, which begins if the last is the assistant's. */
void conversation_say(struct conversation *conversation, const char *text);
void conversation_show(struct conversation *conversation, const json_t *image);
void conversation_answer(struct conversation *conversation, const struct tool_answer *answer);

/* The assistant's turn; takes the blocks. */
void conversation_reply(struct conversation *conversation, json_t *blocks);

/* About as many bytes as it takes in a request. */
size_t conversation_size(const struct conversation *conversation);

/*
 * Shortens it until it is no larger than that: old results become their summaries, then the
 * oldest rounds one line each in the first turn, then the newest results are summaries too.
 * False if that was not enough.
 */
bool conversation_fit(struct conversation *conversation, size_t max_bytes);
