/*
 * Answers from chat: what people click and type in Slack below an appeal that was posted there.
 *
 * POST /api/v1/chat/{integration_id} takes what Slack's interactivity sends to an integration of
 * the kind "slack" (docs.slack.dev, handling user interaction): signed with the app's signing
 * secret over the raw bytes, five minutes old at most, and once. Who clicks counts only if the
 * integration's settings list his Slack id, and as what role. A question may be answered, a change
 * refused; nothing here approves one, for an approval is signed with the approver's own key.
 *
 * What is answered there is on record before Slack has its 200. How it went is said to who clicked,
 * and to nobody else, at the address that came with the click: below the settings' answers_url
 * (Slack's own, unless an admin named another), over HTTPS, and only once.
 */
#pragma once

#include "base/buf.h"

#define CHAT_MAX_BODY_BYTES (512 * KIB)
#define CHAT_MAX_OPEN 32 /* words on their way back; beyond, they are not said */

struct courier;
struct chat;

/* Texts are borrowed for its life. */
struct chat_config {
	struct courier *courier;
	const char *networks; /* private ones where answers may go; or NULL */
	const char *ca_pem;   /* or NULL */
};

struct chat *chat_new(const struct chat_config *config);
/* What is under way is dropped. */
void chat_free(struct chat *chat);

/* Says something to who clicked; 'prefix' is what 'url' has to begin with. All copied. */
void chat_say(struct chat *chat, const char *prefix, const char *url, const char *text);
