/*
 * Carries an investigator's requests to models: the parent's half of the channel's model
 * messages (investigation/channel.h).
 *
 * The investigator names a model and says a body; address, path and key are added here, and
 * the path must be the one of that provider, so that whatever has hold of an investigator can
 * spend tokens and nothing else. Answers come back as they arrive.
 */
#pragma once

#include "call/frame.h"
#include "courier/courier.h"
#include "courier/model_endpoints.h"

#define MODEL_FORWARD_MAX_OPEN 16 /* of one investigator */
#define MODEL_FORWARD_MAX_BYTES (8 * MIB)

struct model_forward;

/*
 * 'send' writes a frame to the investigator: from the loop, never before
 * model_forward_hear() has returned. 'endpoints' and 'courier' must outlive it.
 */
struct model_forward *
model_forward_new(struct courier *courier, const struct model_endpoints *endpoints,
		  void (*send)(void *data, const json_t *header, const char *body, size_t n_body),
		  void *data);

/* Tells how each request to a model ended; one that was given up is not told. From the loop. */
void model_forward_watch(struct model_forward *forward,
			 void (*ended)(void *data, const char *model, bool is_ok));

/* Requests under way are dropped; nothing is sent any more. */
void model_forward_free(struct model_forward *forward);
void model_forward_cleanup(struct model_forward **forward);

/* Takes a frame of type "model" or "model_cancel"; false for any other. */
bool model_forward_hear(struct model_forward *forward, const struct frame *frame);
