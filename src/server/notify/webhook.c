/*
 * Any program: a POST of the document, signed as Standard Webhooks 1.0 has it
 * (github.com/standard-webhooks/standard-webhooks): HMAC-SHA256 of "ID.TIMESTAMP.BODY" under the
 * shared key "whsec_BASE64" of 24 to 64 bytes. The id is the delivery's, the same in each try.
 */
#include <errno.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "identity/file.h"
#include "server/notify/kind.h"

#define PREFIX "whsec_"
#define KEY_MIN_BYTES 24
#define KEY_MAX_BYTES 64

static int read_key(const json_t *secret, struct buf *key_out)
{
	const char *text = json_get_text(secret, "key", "");

	buf_init(key_out, KEY_MAX_BYTES);
	if (strncmp(text, PREFIX, strlen(PREFIX)) != 0 ||
	    base64_decode(text + strlen(PREFIX), strlen(text) - strlen(PREFIX), key_out) < 0 ||
	    key_out->len < KEY_MIN_BYTES)
		return -EINVAL;
	return 0;
}

static json_t *body_of(const struct attempt *attempt)
{
	json_t *body = json_copy(attempt->document);
	char time[CLOCK_TEXT_BYTES];

	json_put(body, "delivery", json_string(attempt->id));
	json_put(body, "event", json_string(attempt->event));
	json_put(body, "created", json_string(clock_format((uint64_t)attempt->created_ns, time)));
	return body;
}

/* "v1,BASE64" */
static void sign(const struct attempt *attempt, long long now_s, const char *body,
		 char text[64 + 8])
{
	CLEANUP(secret_buf) struct buf key = { 0 };
	CLEANUP(buf) struct buf message = { 0 };
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n_mac = 0;
	char base64[BASE64_TEXT_BYTES(EVP_MAX_MD_SIZE)];

	buf_init(&message, strlen(body) + 256);
	buf_add_format(&message, "%s.%lld.", attempt->id, now_s);
	buf_add_text(&message, body);
	(void)read_key(attempt->secret, &key); /* was checked when it came */
	if (!HMAC(EVP_sha256(), buf_text(&key), (int)key.len, (const unsigned char *)message.data,
		  message.len, mac, &n_mac))
		n_mac = 0;
	text_format(text, 64 + 8, "v1,%s", base64_encode(mac, n_mac, base64));
}

static enum verdict ask(struct attempt *attempt, struct letter *letter)
{
	long long now_s = (long long)(attempt->now_ns / (int64_t)NS_PER_SEC);
	char signature[64 + 8];

	letter->method = "POST";
	letter_set_url(letter, json_get_text(attempt->config, "url", ""), "");
	letter_set_body(letter, body_of(attempt));
	sign(attempt, now_s, letter->body, signature);
	letter_add(letter, "webhook-id", "%s", attempt->id);
	letter_add(letter, "webhook-timestamp", "%lld", now_s);
	letter_add(letter, "webhook-signature", "%s", signature);
	return VERDICT_MORE;
}

static enum verdict hear(struct attempt *attempt UNUSED)
{
	return VERDICT_DELIVERED;
}

static int check(const json_t *config UNUSED, const json_t *secret, struct error *err)
{
	CLEANUP(secret_buf) struct buf key = { 0 };

	return read_key(secret, &key) == 0
		       ? 0
		       : error_set(err, -EINVAL,
				   "the key must be whsec_ and Base64 of 24 to 64 bytes: echo "
				   "whsec_$(openssl rand -base64 32)");
}

const struct kind kind_webhook = {
	.name = "webhook",
	.config_schema =
		"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"url\"],"
		"\"properties\":{\"url\":{\"type\":\"string\",\"minLength\":9,"
		"\"maxLength\":1500}}}",
	.secret_schema =
		"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"key\"],"
		"\"properties\":{\"key\":{\"type\":\"string\",\"minLength\":8,"
		"\"maxLength\":128}}}",
	.check = check,
	.ask = ask,
	.hear = hear,
};
