#include "server/inquiry/attachments.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"

#define RANDOM_BYTES 16

struct attachments {
	struct attachments_config config;
	struct attachment *first; /* the newest */
	unsigned n;
	struct attachment_use *uses;
};

struct attachments *attachments_new(const struct attachments_config *config)
{
	struct attachments *attachments = calloc(1, sizeof(*attachments));

	if (!attachments)
		abort();
	attachments->config = *config;
	return attachments;
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void remove_at(struct attachments *attachments, struct attachment **at)
{
	struct attachment *gone = *at;

	*at = gone->next;
	attachments->n--;
	free(gone->filename);
	wipe(gone->url);
	wipe(gone->authorization);
	free(gone);
}

void attachments_free(struct attachments *attachments)
{
	if (!attachments)
		return;
	while (attachments->uses)
		attachments->uses->break_off(attachments->uses);
	while (attachments->first)
		remove_at(attachments, &attachments->first);
	free(attachments);
}

/* The list is in the order of time, so those that have expired are its end. */
static void forget_old(struct attachments *attachments)
{
	struct attachment **at = &attachments->first;
	uint64_t now_ns = clock_monotonic_ns();
	unsigned n = 0;

	for (; *at && (*at)->expires_ns > now_ns && n < ATTACHMENTS_MAX; n++)
		at = &(*at)->next;
	while (*at)
		remove_at(attachments, at);
}

static char *copy(const char *text)
{
	char *copied = text ? strdup(text) : NULL;

	if (text && !copied)
		abort();
	return copied;
}

static const struct attachment *add(struct attachments *attachments, const char *org,
				    const json_t *item)
{
	struct attachment *attachment = calloc(1, sizeof(*attachment));
	unsigned char bytes[RANDOM_BYTES];

	if (!attachment || RAND_bytes(bytes, sizeof(bytes)) != 1)
		abort();
	(void)hex_encode(bytes, sizeof(bytes), attachment->token);
	text_format(attachment->org, sizeof(attachment->org), "%s", org);
	attachment->filename = copy(json_get_text(item, "filename", ""));
	attachment->url = copy(json_get_text(item, "download_url", ""));
	attachment->authorization = copy(json_get_text(item, "auth_header", NULL));
	attachment->size = (uint64_t)json_get_int(item, "size", 0);
	attachment->expires_ns = clock_monotonic_ns() + ATTACHMENT_TTL_NS;
	attachment->next = attachments->first;
	attachments->first = attachment;
	attachments->n++;
	return attachment;
}

json_t *attachments_add(struct attachments *attachments, const char *org, const json_t *list)
{
	char expires[CLOCK_TEXT_BYTES], url[64];
	json_t *told = json_array();
	const json_t *item;
	size_t i;

	(void)clock_format(clock_wall_ns() + ATTACHMENT_TTL_NS, expires);
	json_array_foreach(list, i, item)
	{
		const struct attachment *added = add(attachments, org, item);

		text_format(url, sizeof(url), "/proxy/files/%s", added->token);
		json_push(told,
			  json_pack("{s:s, s:I, s:s, s:s, s:s, s:s}", "filename", added->filename,
				    "size", (json_int_t)added->size, "media_type",
				    json_get_text(item, "media_type", ""), "token", added->token,
				    "proxy_url", url, "expires_at", expires));
	}
	forget_old(attachments);
	if (json_array_size(told))
		return told;
	json_decref(told);
	return NULL;
}

static struct attachment **find(struct attachments *attachments, const char *token)
{
	struct attachment **at = &attachments->first;

	while (*at && strcmp((*at)->token, token) != 0)
		at = &(*at)->next;
	return at;
}

struct attachment *attachments_take(struct attachments *attachments, const char *org,
				    const char *token)
{
	struct attachment *attachment;

	forget_old(attachments);
	attachment = *find(attachments, token);
	if (!attachment || attachment->is_taken || strcmp(attachment->org, org) != 0)
		return NULL;
	attachment->is_taken = true;
	return attachment;
}

void attachments_drop(struct attachments *attachments, const char *token)
{
	struct attachment **at = find(attachments, token);

	if (*at)
		remove_at(attachments, at);
}

void attachments_put_back(struct attachments *attachments, const char *token)
{
	struct attachment *attachment = *find(attachments, token);

	if (attachment)
		attachment->is_taken = false;
}

const struct attachments_config *attachments_config(const struct attachments *attachments)
{
	return &attachments->config;
}

void attachments_begin_use(struct attachments *attachments, struct attachment_use *use)
{
	use->next = attachments->uses;
	attachments->uses = use;
}

void attachments_end_use(struct attachments *attachments, struct attachment_use *use)
{
	struct attachment_use **at = &attachments->uses;

	while (*at != use)
		at = &(*at)->next;
	*at = use->next;
}
