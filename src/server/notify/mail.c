/*
 * E-mail (RFC 5322, MIME of RFC 2045 to 2047): text and HTML. The first message of an incident
 * has a Message-ID that the incident decides, so that a repeated one is the same; later ones
 * refer to it and so lie in one thread.
 */
#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/encoding.h"
#include "report/report.h"
#include "server/notify/kind.h"

#define MESSAGE_MAX_BYTES (2 * MIB)
#define SUBJECT_BYTES 200
#define MAX_RECIPIENTS 20
#define LINE_BYTES 76
/* As many bytes as an encoded word takes with its frame: RFC 2047 allows 75 characters. */
#define WORD_BYTES 42

/* One mailbox "name@example.org" as the envelope and the headers take it. */
static bool is_address(const char *text)
{
	const char *at = strchr(text, '@');

	return at && at != text && strlen(at) > 1 && strlen(text) <= 250 &&
	       !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  ".!#$%&'*+/=?^_`{|}~-@")] &&
	       !strchr(at + 1, '@');
}

/* "=?utf-8?B?...?=" words of whole characters, folded. */
static void add_encoded(struct buf *out, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		size_t n = left < WORD_BYTES ? left : WORD_BYTES;
		CLEANUP(text) char *word = NULL;

		while (n < left && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
		word = base64_text(text, n);
		buf_add_format(out, "=?utf-8?B?%s?=", word);
		text += n;
		left -= n;
		if (left)
			buf_add_text(out, "\r\n ");
	}
}

static void add_part(struct buf *out, const char *boundary, const char *type, const char *text)
{
	CLEANUP(text) char *body = base64_text(text, strlen(text));

	buf_add_format(out,
		       "--%s\r\nContent-Type: %s; charset=utf-8\r\n"
		       "Content-Transfer-Encoding: base64\r\n\r\n",
		       boundary, type);
	for (size_t at = 0, len = strlen(body); at < len; at += LINE_BYTES) {
		size_t n = len - at < LINE_BYTES ? len - at : LINE_BYTES;

		buf_add(out, body + at, n);
		buf_add_text(out, "\r\n");
	}
}

/* The right part of a Message-ID: the sender's domain. */
static const char *domain_of(const struct attempt *attempt)
{
	const char *from = json_get_text(attempt->config, "from", "");
	const char *at = strchr(from, '@');

	return at ? at + 1 : "constable.invalid";
}

/* Ids may hold what no Message-ID may: a digest stands for both. */
static void digest_of(const char *one, const char *other, char text[33])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	CLEANUP(buf) struct buf both = { 0 };

	buf_init(&both, KIB);
	buf_add_format(&both, "%s\n%s", one, other);
	(void)SHA256((const unsigned char *)both.data, both.len, digest);
	(void)hex_encode(digest, 16, text);
}

static void add_thread(struct buf *out, const struct attempt *attempt)
{
	const char *domain = domain_of(attempt);
	char root[33], own[33];

	digest_of(attempt->destination, attempt->incident, root);
	digest_of(attempt->destination, attempt->id, own);
	if (!attempt->reference)
		buf_add_format(out, "Message-ID: <%s@%s>\r\n", root, domain);
	else
		buf_add_format(out,
			       "Message-ID: <%s@%s>\r\nIn-Reply-To: <%s@%s>\r\n"
			       "References: <%s@%s>\r\n",
			       own, domain, root, domain, root, domain);
}

static void add_addresses(struct buf *out, const json_t *list)
{
	const json_t *address;
	size_t i;

	buf_add_text(out, "To: ");
	json_array_foreach(list, i, address)
		buf_add_format(out, "%s<%s>", i ? ",\r\n " : "", json_string_value(address));
	buf_add_text(out, "\r\n");
}

static void add_headers(struct buf *out, const struct attempt *attempt, const char *boundary)
{
	CLEANUP(text) char *subject = report_subject(attempt->document, SUBJECT_BYTES);
	time_t now = (time_t)(attempt->now_ns / (int64_t)NS_PER_SEC);
	struct tm tm;
	char date[64];

	if (!gmtime_r(&now, &tm))
		abort();
	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	buf_add_format(out, "From: Constable <%s>\r\n", json_get_text(attempt->config, "from", ""));
	add_addresses(out, json_object_get(attempt->config, "to"));
	buf_add_text(out, attempt->reference ? "Subject: Re: " : "Subject: ");
	add_encoded(out, subject);
	buf_add_format(out, "\r\nDate: %s\r\n", date);
	add_thread(out, attempt);
	buf_add_format(out,
		       "Auto-Submitted: auto-generated\r\nX-Constable-Delivery: %s\r\n"
		       "MIME-Version: 1.0\r\n"
		       "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n",
		       attempt->id, boundary);
}

/* Those of the config without those that took it before. */
static json_t *recipients_left(const struct attempt *attempt)
{
	json_t *left = json_array();
	const json_t *taken = json_object_get(attempt->progress, "taken"), *address;
	size_t i;

	json_array_foreach(json_object_get(attempt->config, "to"), i, address)
	{
		const json_t *other;
		bool is_taken = false;
		size_t j;

		json_array_foreach(taken, j, other) is_taken =
			is_taken || json_equal(address, other);
		if (!is_taken)
			json_push(left, json_incref((json_t *)(uintptr_t)address));
	}
	return left;
}

static void write_mail(struct attempt *attempt, struct letter_mail *mail)
{
	CLEANUP(text) char *plain = report_plain(attempt->document);
	CLEANUP(text) char *html = report_html(attempt->document);
	struct buf out;
	char digest[33], boundary[48];

	digest_of("boundary", attempt->id, digest);
	text_format(boundary, sizeof(boundary), "=_%s", digest);
	buf_init(&out, MESSAGE_MAX_BYTES);
	add_headers(&out, attempt, boundary);
	add_part(&out, boundary, "text/plain", plain);
	add_part(&out, boundary, "text/html", html);
	buf_add_format(&out, "--%s--\r\n", boundary);
	mail->recipients = recipients_left(attempt);
	mail->message = out.data;
}

static int check(const json_t *config, const json_t *secret, struct error *err)
{
	const json_t *to = json_object_get(config, "to"), *address;
	size_t i;

	json_array_foreach(to, i, address)
	{
		if (!is_address(json_string_value(address)))
			return error_set(err, -EINVAL, "'%.100s' is no mail address",
					 json_string_value(address));
	}
	if (!is_address(json_get_text(config, "from", "")))
		return error_set(err, -EINVAL, "from is no mail address");
	if (!json_object_get(config, "user") != !json_object_get(secret, "password"))
		return error_set(err, -EINVAL, "a user needs a password, and the other way round");
	return 0;
}

const struct kind kind_mail = {
	.name = "mail",
	.config_schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			 "\"required\":[\"host\",\"from\",\"to\"],\"properties\":{"
			 "\"host\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":253},"
			 "\"port\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":65535},"
			 "\"security\":{\"enum\":[\"starttls\",\"tls\",\"none\"]},"
			 "\"user\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":250},"
			 "\"from\":{\"type\":\"string\",\"minLength\":3,\"maxLength\":250},"
			 "\"to\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":20,\"items\":"
			 "{\"type\":\"string\",\"minLength\":3,\"maxLength\":250}}}}",
	.secret_schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			 "\"password\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":500}}}",
	.check = check,
	.write = write_mail,
};
