/* GET /proxy/files/{token}: an attachment, from where it lies through the courier to the client. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "courier/courier.h"
#include "server/api/exchange.h"
#include "server/inquiry/attachments.h"
#include "server/inquiry/routes.h"

#define NAME_MAX_BYTES 255

struct download {
	struct attachment_use use;
	struct attachments *attachments;
	char org[HUB_ID_BYTES], hash[TOKEN_HASH_BYTES], name[NAME_MAX_BYTES + 1];
	struct courier_call *call;  /* NULL once it has ended */
	struct exchange *exchange;  /* until it is answered */
	struct http_stream *stream; /* from then on; NULL when the client has left */
	struct buf held;            /* a piece that the client had no room for */
};

static void put_back(const struct download *download)
{
	attachments_end(download->attachments, download->org, download->hash, ATTACHMENT_PUT_BACK);
}

static void download_free(struct download *download)
{
	attachments_end_use(download->attachments, &download->use);
	if (download->call)
		courier_cancel(download->call);
	buf_finish(&download->held);
	free(download);
}

static void break_off(struct attachment_use *use)
{
	struct download *download = container_of(use, struct download, use);

	if (download->exchange)
		exchange_refuse(download->exchange, 503, NULL, "the server is about to end");
	if (download->stream)
		http_stream_abort(download->stream);
	download_free(download);
}

static void refuse(struct download *download, unsigned status, const char *sentence)
{
	put_back(download);
	exchange_refuse(TAKE(download->exchange), status, NULL, "%s", sentence);
	download_free(download);
}

/* RFC 6266: a name for everybody, and the real one in UTF-8 (RFC 8187). */
static void name_file(struct http_request *http, const char *name)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	CLEANUP(buf) struct buf value = { 0 };

	buf_init(&value, 8 * NAME_MAX_BYTES);
	buf_add_text(&value, "attachment; filename=\"");
	for (const char *at = name; *at; at++)
		buf_add(&value, strchr(plain, *at) ? at : "_", 1);
	buf_add_text(&value, "\"; filename*=UTF-8''");
	for (const char *at = name; *at; at++) {
		if (strchr(plain, *at))
			buf_add(&value, at, 1);
		else
			buf_add_format(&value, "%%%02X", (unsigned char)*at);
	}
	http_reply_header(http, "Content-Disposition", buf_text(&value));
}

static void handle_drained(struct http_stream *stream, void *data)
{
	struct download *download = data;

	if (download->held.len &&
	    http_stream_write(stream, download->held.data, download->held.len) < 0)
		return;
	buf_clear(&download->held);
	if (download->call)
		courier_resume(download->call);
}

static void handle_gone(struct http_stream *stream UNUSED, void *data)
{
	struct download *download = data;

	put_back(download);
	download->stream = NULL;
	download_free(download);
}

static void begin(struct download *download)
{
	static const struct http_stream_handlers handlers = { .drained = handle_drained,
							      .gone = handle_gone };
	struct exchange *exchange = TAKE(download->exchange);

	name_file(exchange->http, download->name);
	http_reply_header(exchange->http, "Cache-Control", "no-store");
	http_reply_header(exchange->http, "X-Content-Type-Options", "nosniff");
	download->stream = http_stream_start(exchange->http, 200, "application/octet-stream",
					     &handlers, download);
	exchange_end(exchange);
	if (download->stream)
		return;
	put_back(download);
	download_free(download);
}

static void handle_head(const struct courier_head *head, void *data)
{
	struct download *download = data;
	char sentence[80];

	if (head->status == 200) {
		begin(download);
		return;
	}
	text_format(sentence, sizeof(sentence), "where the file lies the answer is %u",
		    head->status);
	refuse(download, 502, sentence);
}

static void handle_body(const char *bytes, size_t len, void *data)
{
	struct download *download = data;

	if (http_stream_write(download->stream, bytes, len) == 0)
		return;
	buf_add(&download->held, bytes, len);
	courier_pause(download->call);
}

/* A client must not take half a file for all of it. */
static void handle_end(const struct error *err, void *data)
{
	struct download *download = data;

	download->call = NULL;
	if (download->exchange) {
		refuse(download, err && err->code == -ETIMEDOUT ? 504 : 502,
		       err ? err->text : "the answer has no head");
		return;
	}
	if (err) {
		put_back(download);
		http_stream_abort(download->stream);
	} else {
		attachments_end(download->attachments, download->org, download->hash,
				ATTACHMENT_FETCHED);
		http_stream_end(download->stream);
	}
	download_free(download);
}

static const struct courier_handlers handlers = {
	.head = handle_head,
	.body = handle_body,
	.end = handle_end,
};

static struct courier_call *start(struct download *download, const struct attachment *attachment)
{
	const struct attachments_config *config = attachments_config(download->attachments);
	const struct courier_header secret = { "Authorization", attachment->authorization };
	bool is_announced = attachment->size && attachment->size < ATTACHMENT_MAX_BYTES;
	const struct courier_request request = {
		.method = "GET",
		.url = attachment->url,
		.secrets = &secret,
		.n_secrets = attachment->authorization ? 1 : 0,
		.ca_pem = config->ca_pem,
		.policy = { .hosts = *attachment->hosts ? attachment->hosts : NULL,
			    .networks = config->networks },
		.limits = {
			.total_ns = ATTACHMENT_TOTAL_NS,
			.max_bytes = is_announced ? attachment->size : ATTACHMENT_MAX_BYTES,
		},
	};

	return courier_request(config->courier, &request, &handlers, download);
}

static const char *last_part(const char *name)
{
	const char *at = name + strlen(name);

	while (at > name && at[-1] != '/' && at[-1] != '\\')
		at--;
	return *at ? at : "file";
}

static void begin_download(struct exchange *exchange, const struct attachment *attachment)
{
	struct attachments *attachments = exchange->api->attachments;
	struct download *download = calloc(1, sizeof(*download));

	if (!download)
		abort();
	*download = (struct download) {
		.attachments = attachments,
		.exchange = exchange,
		.use.break_off = break_off,
	};
	attachments_begin_use(attachments, &download->use);
	text_format(download->org, sizeof(download->org), "%s", exchange->caller.org->id);
	text_format(download->hash, sizeof(download->hash), "%s", attachment->hash);
	text_format(download->name, sizeof(download->name), "%s", last_part(attachment->filename));
	buf_init(&download->held, MIB);
	download->call = start(download, attachment);
}

static void handle_taken(struct exchange *exchange, const struct store_result *result)
{
	struct attachment attachment = { 0 };
	struct error err = { 0 };

	if (attachment_read(exchange->api->attachments, exchange->data, &result->steps[0],
			    &attachment, &err) == 0)
		begin_download(exchange, &attachment);
	else
		exchange_refuse(exchange, err.code == -ENOENT ? 404 : 500, NULL, "%s", err.text);
	attachment_finish(&attachment);
}

static void get_file(struct exchange *exchange)
{
	struct attachment_take *take = exchange_alloc(exchange, sizeof(*take));
	const struct store_step step =
		attachment_take_step(take, exchange->caller.org->id, exchange->params[0]);

	exchange->data = take;
	exchange_submit(exchange, &step, 1, handle_taken);
}

static void handle_counted(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, json_pack("{s:s, s:I}", "status", "ok", "active_download_tokens",
					    (json_int_t)store_int_at(&result->steps[0], 0, 0)));
}

/* As the documented investigation server tells its probes. */
static void get_health(struct exchange *exchange)
{
	const struct store_value now = exchange_now();
	const struct store_step step = { attachments_open_sql, &now, 1, STORE_ANY };

	exchange_submit_all(exchange, &step, 1, handle_counted);
}

const struct route routes_files[] = {
	{ .method = "GET",
	  .operation = "get_documented_health",
	  .pattern = "/health",
	  .summary = "Whether the server answers, and how many attachments could be fetched.",
	  .response = SCHEMA_GIVES("\"status\",\"active_download_tokens\"",
				   "\"status\":" SCHEMA_TEXT
				   ",\"active_download_tokens\":" SCHEMA_COUNT),
	  .handle = get_health },
	{ .method = "GET",
	  .operation = "get_file",
	  .pattern = "/proxy/files/{token}",
	  .summary = "Downloads an attachment of an investigation's request, once.",
	  .least = ROLE_RESPONDER,
	  .flags = ROUTE_STREAM,
	  .type = "application/octet-stream",
	  .handle = get_file },
	{ 0 },
};
