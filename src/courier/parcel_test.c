#include "courier/parcel.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static struct parcel decode(const struct buf *wire)
{
	struct parcel parcel;

	CHECK_INT(parcel_decode(buf_text(wire), wire->len, &parcel), (ssize_t)wire->len);
	for (size_t len = 0; len < wire->len; len++)
		CHECK_INT(parcel_decode(buf_text(wire), len, &(struct parcel) { 0 }), 0);
	return parcel;
}

static const struct courier_header headers[] = { { "accept", "*/*" }, { "x-empty", "" } };
static const struct courier_header secrets[] = { { "authorization", "Bearer x" } };

static struct parcel_request some_request(void)
{
	return (struct parcel_request) {
		.request = {
			.method = "POST",
			.url = "https://example.org/",
			.headers = headers,
			.n_headers = ARRAY_LEN(headers),
			.secrets = secrets,
			.n_secrets = ARRAY_LEN(secrets),
			.body = "a\0b",
			.n_body = 3,
			.wanted = "etag",
			.client_pem = "certificate and key",
			.policy = { COURIER_HTTP_TOO, ".org", "10.0.0.0/8" },
			.limits = { 1, 2, 3, 4, 5 },
		},
		.proxy = "http://proxy:3128",
	};
}

TEST(a_request_comes_out_as_it_went_in)
{
	CLEANUP(buf) struct buf wire = { 0 };
	static struct parcel_request out;
	struct parcel_request in = some_request();
	struct parcel parcel;

	buf_init(&wire, PARCEL_MAX_BYTES);
	parcel_encode_request(&wire, 7, &in);
	parcel = decode(&wire);
	CHECK(parcel.type == PARCEL_REQUEST && parcel.id == 7);
	CHECK_INT(parcel_decode_request(parcel.body, &out), 0);
	CHECK_TEXT(out.request.method, "POST");
	CHECK_INT(out.request.n_headers, 2);
	CHECK_TEXT(out.request.headers[1].value, "");
	CHECK_INT(out.request.n_secrets, 1);
	CHECK_TEXT(out.request.secrets[0].value, "Bearer x");
	CHECK(out.request.n_body == 3 && memcmp(out.request.body, "a\0b", 3) == 0);
	CHECK(!out.request.ca_pem && !out.no_proxy);
	CHECK_TEXT(out.request.client_pem, "certificate and key");
	CHECK_TEXT(out.proxy, "http://proxy:3128");
	CHECK_TEXT(out.request.policy.hosts, ".org");
	CHECK(out.request.limits.max_bytes == 5 && out.request.limits.connect_ns == 1);
}

TEST(a_mail_and_its_end_come_out_as_they_went_in)
{
	static const char *const recipients[] = { "a@b", "c@d" };
	CLEANUP(buf) struct buf wire = { 0 };
	static struct parcel_mail mail;
	static struct parcel_end in = { .err = { -EREMOTEIO, "no" }, .n_receipts = 1 }, end;

	buf_init(&wire, PARCEL_MAX_BYTES);
	parcel_encode_mail(&wire, 1,
			   &(struct courier_mail) { .host = "mail",
						    .security = COURIER_TLS,
						    .from = "",
						    .recipients = recipients,
						    .n_recipients = 2,
						    .message = "text",
						    .n_message = 4 });
	CHECK_INT(parcel_decode_mail(decode(&wire).body, &mail), 0);
	CHECK(mail.mail.security == COURIER_TLS && !mail.mail.user);
	CHECK_TEXT(mail.mail.recipients[1], "c@d");
	buf_clear(&wire);
	in.receipts[0] = (struct courier_receipt) { 550, "nobody" };
	parcel_encode_end(&wire, 1, &in);
	CHECK_INT(parcel_decode_end(decode(&wire).body, &end), 0);
	CHECK_INT(end.err.code, -EREMOTEIO);
	CHECK_TEXT(end.err.text, "no");
	CHECK_INT(end.receipts[0].status, 550);
	CHECK_TEXT(end.receipts[0].text, "nobody");
}

TEST(a_message_that_is_cut_or_longer_is_refused)
{
	CLEANUP(buf) struct buf wire = { 0 };
	static struct parcel_request out;
	struct parcel_request in = some_request();
	struct str body;

	buf_init(&wire, PARCEL_MAX_BYTES);
	parcel_encode_request(&wire, 7, &in);
	body = decode(&wire).body;
	buf_add(&wire, "x", 1);
	body.data = wire.data + wire.len - 1 - body.len;
	body.len++;
	CHECK_INT(parcel_decode_request(body, &out), -EBADMSG);
	for (size_t len = 0; len + 1 < body.len; len++)
		CHECK_INT(parcel_decode_request((struct str) { body.data, len }, &out), -EBADMSG);
}

TEST(a_size_or_type_that_cannot_be_is_refused)
{
	static const struct {
		unsigned char bytes[16];
		ssize_t result;
	} rows[] = {
		{ { 0xff, 0xff, 0xff, 0xff }, -EBADMSG },
		{ { 8, 0, 0, 0, 3 }, -EBADMSG },
		{ { 9, 0, 0, 0, PARCEL_N }, -EBADMSG },
		{ { 9, 0, 0, 0, PARCEL_CANCEL }, 13 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct parcel parcel;

		CHECK_INT(parcel_decode((const char *)rows[i].bytes, 13, &parcel), rows[i].result);
	}
}

TEST(what_is_too_large_is_said_before_it_is_sent)
{
	struct parcel_request in = some_request();
	struct courier_request request = in.request;
	static char url[PARCEL_TEXT_MAX_BYTES + 2];
	struct error err = { 0 };

	CHECK_INT(parcel_check_request(&request, &err), 0);
	memset(url, 'x', sizeof(url) - 1);
	request.url = url;
	CHECK_INT(parcel_check_request(&request, &err), -E2BIG);
	CHECK_TEXT(err.text, "the URL is longer than 16384 bytes");
	request = in.request;
	request.n_body = COURIER_MAX_BODY_BYTES + 1;
	CHECK_INT(parcel_check_request(&request, &err), -E2BIG);
	request = in.request;
	request.n_headers = COURIER_MAX_HEADERS;
	CHECK_INT(parcel_check_request(&request, &err), -E2BIG);
	request = in.request;
	request.url = NULL;
	CHECK_INT(parcel_check_request(&request, &err), -EINVAL);
	CHECK_INT(parcel_check_mail(
			  &(struct courier_mail) { .host = "h", .from = "", .message = "" }, &err),
		  -EINVAL);
}
