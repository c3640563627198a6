#include "server/chat/chat.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "courier/courier.h"
#include "report/escape.h"

#define TEXT_BYTES 1500
#define HOST_BYTES 256

/* One word on its way. */
struct word {
	struct word *next, **link;
	struct chat *chat;
	struct courier_call *call;
};

struct chat {
	struct chat_config config;
	struct word *words;
	unsigned n;
};

struct chat *chat_new(const struct chat_config *config)
{
	struct chat *chat = calloc(1, sizeof(*chat));

	if (!chat)
		abort();
	chat->config = *config;
	return chat;
}

static void forget(struct word *word)
{
	*word->link = word->next;
	if (word->next)
		word->next->link = word->link;
	word->chat->n--;
	free(word);
}

void chat_free(struct chat *chat)
{
	if (!chat)
		return;
	while (chat->words) {
		courier_cancel(chat->words->call);
		forget(chat->words);
	}
	free(chat);
}

/* The message itself is updated by its delivery: this one is no loss. */
static void handle_end(const struct error *err, void *data)
{
	if (err)
		log_debug("who clicked was not told: %s", err->text);
	forget(data);
}

static const struct courier_handlers handlers = { .end = handle_end };

static char *body_of(const char *text)
{
	CLEANUP(buf) struct buf escaped = { 0 };
	CLEANUP(json) json_t *body = NULL;

	buf_init(&escaped, 2 * TEXT_BYTES);
	escape_slack(&escaped, text, TEXT_BYTES);
	body = json_pack("{s:s, s:b, s:s}", "response_type", "ephemeral", "replace_original", 0,
			 "text", buf_text(&escaped));
	return json_canonical(body);
}

/* The name alone, for the courier's policy. */
static void host_of(const char *prefix, char host[HOST_BYTES])
{
	const char *at = prefix + strlen("https://");

	text_format(host, HOST_BYTES, "%.*s", (int)strcspn(at, ":/"), at);
}

static void send(struct word *word, const char *prefix, const char *url, const char *body)
{
	const struct chat_config *config = &word->chat->config;
	const struct courier_header type = { "Content-Type", "application/json; charset=utf-8" };
	char host[HOST_BYTES];

	host_of(prefix, host);
	word->call = courier_request(config->courier,
				     &(struct courier_request) {
					     .method = "POST",
					     .url = url,
					     .headers = &type,
					     .n_headers = 1,
					     .body = body,
					     .n_body = strlen(body),
					     .ca_pem = config->ca_pem,
					     .policy = { .schemes = COURIER_HTTPS_ONLY,
							 .hosts = host,
							 .networks = config->networks },
					     .limits = { .connect_ns = 5 * NS_PER_SEC,
							 .first_byte_ns = 10 * NS_PER_SEC,
							 .total_ns = 15 * NS_PER_SEC,
							 .max_bytes = 64 * KIB },
				     },
				     &handlers, word);
}

void chat_say(struct chat *chat, const char *prefix, const char *url, const char *text)
{
	CLEANUP(text) char *body = NULL;
	struct word *word;

	if (!*url || strncmp(url, prefix, strlen(prefix)) != 0 || chat->n == CHAT_MAX_OPEN)
		return;
	body = body_of(text);
	word = calloc(1, sizeof(*word));
	if (!word)
		abort();
	*word = (struct word) { .next = chat->words, .link = &chat->words, .chat = chat };
	if (word->next)
		word->next->link = &word->next;
	chat->words = word;
	chat->n++;
	send(word, prefix, url, body);
}
