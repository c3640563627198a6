/* What the parts of the loop share. */
#pragma once

#include "investigation/loop.h"

#define LOOP_BYTES_PER_TOKEN 3 /* of JSON and logs; a low guess, so that it fits */

/* Bytes that a conversation may have with a model, beside prompt, tools and answer. */
size_t loop_room_bytes(const struct loop *loop, const struct model *model);

/* Bytes of one result that are shown. */
size_t loop_result_bytes(const struct loop *loop);

/* Starts the calls of a reply. An error is the line's. */
int loop_start_calls(struct loop *loop, const struct reply *reply, struct error *err) MUST_CHECK;

/*
 * Asks the host for a call of the round, which is answered when the host answers. 'wanted' has
 * tool, arguments and, of what a person may have to approve, why. An error is the line's.
 */
int loop_send_call(struct loop *loop, struct loop_call *call, const struct evidence *wanted,
		   struct error *err) MUST_CHECK;

/* Whether all are answered; puts the answers into the conversation and forgets the calls. */
bool loop_end_calls(struct loop *loop);

void loop_hear_calls(struct loop *loop, const struct news *news);
int loop_tick_calls(struct loop *loop, uint64_t now_ns, struct error *err) MUST_CHECK;

/* The request that was just answered, told and kept for the case (otlp.h); and a subagent. */
void loop_note_chat(const struct loop *loop);
void loop_note_agent(const struct loop *loop, uint64_t start_ns);

/* When something is due, UINT64_MAX for never. */
uint64_t loop_due_ns(const struct loop *loop);

/*
 * loop_persons.c: around a wait for news. While a call waits for a person, the crew's deadline and
 * what is due at it move on; 'begin_ns' is 0 where none does.
 */
bool loop_is_foreign(const char *tool);
uint64_t persons_wait_begin(const struct crew *crew);
void persons_wait_end(struct crew *crew, uint64_t begin_ns);

/* toolbox.c: which host tools are shown. */
void toolbox_fill(struct loop *loop, const struct model *model);

/* [{"name", "summary", "schema"}] of what is shown and of own tools, sorted by name. */
json_t *toolbox_list(const struct loop *loop);

/* Shows the tools that match a query, instead of the oldest; their names. */
json_t *toolbox_find(struct loop *loop, const char *query);
bool toolbox_shows_all(const struct loop *loop);
/* A JSON array of names: these are offered no more, from the next round on. */
void toolbox_withdraw(struct loop *loop, struct str names);
