/*
 * The channel: the live witness, and the live line of a model's loop, on the descriptor
 * that the investigator inherits from whoever started it.
 *
 * Frames of call/frame.h. The other side sends {"type":"start"} with what to
 * investigate, then answers each {"type":"call"}; it hears {"type":"event"},
 * and at the end {"type":"report"} and {"type":"case"}. A call that is not
 * answered by the deadline is cancelled and counts as failed. A call's header has
 * the id of its evidence, and "why" where it changes something that a person has to approve
 * first. While one of an MCP server of others waits for a person, {"type":"waits", "id", "waits":
 * true} and then false say so. {"type":"conclude"} says that the time is over: what is open has
 * failed, and the report is what the evidence so far can prove. {"type":"spent", "why"} that models
 * may be asked once more, to conclude: others have used what was left. {"type":"withdraw"}, with a
 * JSON array of names as body, says that there are these tools no more. One of those that a starter
 * started (starter.h) ends with {"type":"failure"}, a sentence, where it has no report.
 *
 * Models: we send {"type":"model", "id", "model": name, "path"} with the body of the
 * request, and hear {"type":"model_head", "id", "status", "retry_after_s"?}, any number
 * of {"type":"model_chunk", "id"} with bytes of the answer as body, and
 * {"type":"model_end", "id", "error"?}; {"type":"model_cancel", "id"} gives one up.
 * People: the event {"type":"question", "data":{"id", "question", "choices"?}} is
 * answered by {"type":"person", "id"} with the text as body.
 */
#pragma once

#include "investigation/line.h"
#include "investigation/witness.h"

#define CHANNEL_CALL_TIMEOUT_MS 35000
#define CHANNEL_APPROVAL_TIMEOUT_MS 900000 /* of a call that a person has to approve first */

struct channel {
	struct witness witness;
	struct line line;
	int fd;
};

void channel_init(struct channel *channel, int fd);

/* Waits for the start, of start.h. NULL with 'err'. */
json_t *channel_start(struct channel *channel, struct error *err);

/* Sends one document of a type; too large a one is -E2BIG and nothing is sent. */
int channel_send(struct channel *channel, const char *type, const char *text,
		 struct error *err) MUST_CHECK;
