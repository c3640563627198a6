#include "server/inquiry/attachments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
#include "identity/file.h"
#include "server/org/vault.h"

#define TOKEN_BYTES 33

static const char insert_sql[] =
	"INSERT INTO attachments (org, hash, created, expires, taken, size, filename, sealed) "
	"VALUES ($1, $2, $3, $4, 0, $5, $6, $7)";
static const char expired_sql[] = "DELETE FROM attachments WHERE org = $1 AND expires < $2";
/* 1024: ATTACHMENTS_MAX */
static const char trim_sql[] =
	"DELETE FROM attachments WHERE org = $1 AND created < (SELECT min(created) FROM (SELECT "
	"created FROM attachments WHERE org = $1 ORDER BY created DESC LIMIT 1024) AS newest)";
static const char take_sql[] =
	"UPDATE attachments SET taken = $4 WHERE org = $1 AND hash = $2 AND expires > $3 AND "
	"taken < $3 RETURNING filename, size, sealed, "
	"(SELECT attachment_hosts FROM orgs WHERE id = $1)";
static const char put_back_sql[] = "UPDATE attachments SET taken = 0 WHERE org = $1 AND hash = $2";
const char attachments_open_sql[] =
	"SELECT CAST(COUNT(*) AS BIGINT) FROM attachments WHERE taken = 0 AND expires > $1";
static const char drop_sql[] = "DELETE FROM attachments WHERE org = $1 AND hash = $2";

struct attachments {
	struct attachments_config config;
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

void attachments_free(struct attachments *attachments)
{
	if (!attachments)
		return;
	while (attachments->uses)
		attachments->uses->break_off(attachments->uses);
	free(attachments);
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void use_of(const char *hash, char use[TOKEN_HASH_BYTES + 16])
{
	text_format(use, TOKEN_HASH_BYTES + 16, "attachment/%s", hash);
}

static char *seal(const struct attachments *attachments, const char *org, const char *hash,
		  const json_t *item)
{
	CLEANUP(json)
	json_t *secret = json_pack("{s:s, s:s*}", "url", json_get_text(item, "download_url", ""),
				   "authorization", json_get_text(item, "auth_header", NULL));
	char *plain = json_canonical(secret), use[TOKEN_HASH_BYTES + 16], *sealed;

	use_of(hash, use);
	sealed = vault_seal(attachments->config.vault, org, use, plain, strlen(plain));
	wipe(plain);
	return sealed;
}

static void add_step(struct attachment_offer *offer, const char *sql,
		     const struct store_value *values, unsigned n)
{
	struct store_value *room = offer->values[offer->n_steps];

	memcpy(room, values, n * sizeof(*values));
	offer->steps[offer->n_steps++] = (struct store_step) { sql, room, n, STORE_ANY };
}

static void tell(struct attachment_offer *offer, const json_t *item, const char *token,
		 uint64_t expires_ns)
{
	char expires[CLOCK_TEXT_BYTES], url[64];

	text_format(url, sizeof(url), "/proxy/files/%s", token);
	json_push(offer->told,
		  json_pack("{s:s, s:I, s:s, s:s, s:s, s:s}", "filename",
			    json_get_text(item, "filename", ""), "size",
			    (json_int_t)json_get_int(item, "size", 0), "media_type",
			    json_get_text(item, "media_type", ""), "token", token, "proxy_url", url,
			    "expires_at", clock_format(expires_ns, expires)));
}

static void offer_one(struct attachment_offer *offer, const struct attachments *attachments,
		      const char *org, const json_t *item)
{
	uint64_t now_ns = clock_wall_ns(), expires_ns = now_ns + ATTACHMENT_TTL_NS;
	char nonce[NONCE_TEXT_BYTES], token[TOKEN_BYTES], *hash = offer->hashes[offer->n_steps];

	text_format(token, sizeof(token), "%.32s", nonce_make(nonce));
	(void)token_hash(token, strlen(token), hash);
	offer->sealed[offer->n_steps] = seal(attachments, org, hash, item);
	tell(offer, item, token, expires_ns);
	const struct store_value values[OFFER_PARAMS] = {
		store_text(org),
		store_text(hash),
		store_int((int64_t)now_ns + offer->n_steps),
		store_int((int64_t)expires_ns),
		store_int(json_get_int(item, "size", 0)),
		store_text(json_get_text(item, "filename", "")),
		store_text(offer->sealed[offer->n_steps]),
	};
	add_step(offer, insert_sql, values, OFFER_PARAMS);
}

void attachment_offer_init(struct attachment_offer *offer, const struct attachments *attachments,
			   const char *org, const json_t *list)
{
	const struct store_value old[] = { store_text(org), store_int((int64_t)clock_wall_ns()) };
	const json_t *item;
	size_t i;

	*offer = (struct attachment_offer) { .told = json_array() };
	json_array_foreach(list, i, item) if (i < ATTACHMENTS_MAX_PER_REQUEST)
		offer_one(offer, attachments, org, item);
	if (!offer->n_steps)
		return;
	add_step(offer, expired_sql, old, 2);
	add_step(offer, trim_sql, old, 1);
}

void attachment_offer_finish(struct attachment_offer *offer)
{
	json_decref(TAKE(offer->told));
	for (size_t i = 0; i < ATTACHMENTS_MAX_PER_REQUEST; i++)
		free(TAKE(offer->sealed[i]));
}

void attachment_finish(struct attachment *attachment)
{
	free(TAKE(attachment->filename));
	free(TAKE(attachment->hosts));
	wipe(TAKE(attachment->url));
	wipe(TAKE(attachment->authorization));
}

struct store_step attachment_take_step(struct attachment_take *take, const char *org,
				       const char *token)
{
	int64_t now = (int64_t)clock_wall_ns();

	(void)token_hash(token, strlen(token), take->hash);
	take->params[0] = store_text(org);
	take->params[1] = store_text(take->hash);
	take->params[2] = store_int(now);
	take->params[3] = store_int(now + (int64_t)ATTACHMENT_TOTAL_NS);
	return (struct store_step) { take_sql, take->params, TAKE_PARAMS, STORE_ANY };
}

static char *copy(const char *text)
{
	char *copied = text ? strdup(text) : NULL;

	if (text && !copied)
		abort();
	return copied;
}

int attachment_read(const struct attachments *attachments, const struct attachment_take *take,
		    const struct store_rows *rows, struct attachment *attachment_out,
		    struct error *err)
{
	const char *org = take->params[0].text.data;
	char use[TOKEN_HASH_BYTES + 16];
	CLEANUP(secret_buf) struct buf plain = { 0 };
	CLEANUP(json) json_t *secret = NULL;

	if (rows->n_rows == 0)
		return error_set(
			err, -ENOENT,
			"no such file: its token is unknown, used or older than 15 minutes");
	use_of(take->hash, use);
	buf_init(&plain, VAULT_MAX_BYTES);
	if (vault_unseal(attachments->config.vault, org, use, store_text_at(rows, 0, 2), &plain,
			 err) < 0)
		return err->code;
	secret = json_parse(plain.data, plain.len, VAULT_MAX_BYTES, err);
	if (!secret)
		return err->code;
	*attachment_out = (struct attachment) {
		.filename = copy(store_text_at(rows, 0, 0)),
		.hosts = copy(store_text_at(rows, 0, 3)),
		.url = copy(json_get_text(secret, "url", "")),
		.authorization = copy(json_get_text(secret, "authorization", NULL)),
		.size = (uint64_t)store_int_at(rows, 0, 1),
	};
	text_format(attachment_out->hash, sizeof(attachment_out->hash), "%s", take->hash);
	return 0;
}

static void handle_ended(const struct store_result *result UNUSED, const struct error *err,
			 void *data UNUSED)
{
	if (err)
		log_warn("what became of an attachment is not in the store: %s", err->text);
}

void attachments_end(const struct attachments *attachments, const char *org, const char *hash,
		     enum attachment_end end)
{
	const struct store_value params[] = { store_text(org), store_text(hash) };
	const struct store_step step = { end == ATTACHMENT_FETCHED ? drop_sql : put_back_sql,
					 params, 2, STORE_ANY };

	(void)store_submit(attachments->config.store,
			   &(struct store_batch) { .org = org, .steps = &step, .n_steps = 1 },
			   handle_ended, NULL);
}

struct store_step attachments_upkeep_step(struct store_value params_out[1])
{
	params_out[0] = store_int((int64_t)clock_wall_ns());
	return (struct store_step) { "DELETE FROM attachments WHERE expires < $1", params_out, 1,
				     STORE_ANY };
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
