#include "courier/parcel.h"

#include <errno.h>
#include <string.h>

#define ERRNO_MAX 4095

/* What is left of a message. */
struct reader {
	const char *at, *end;
};

static struct reader read_body(struct str body)
{
	return (struct reader) { body.data, body.data + body.len };
}

static bool take(struct reader *reader, void *value_out, size_t size)
{
	if ((size_t)(reader->end - reader->at) < size)
		return false;
	memcpy(value_out, reader->at, size);
	reader->at += size;
	return true;
}

static bool take_bytes(struct reader *reader, size_t max, const void **bytes_out, size_t *len_out)
{
	uint32_t len;

	*bytes_out = NULL;
	*len_out = 0;
	if (!take(reader, &len, sizeof(len)))
		return false;
	if (len == UINT32_MAX)
		return true;
	if (len > max || (size_t)(reader->end - reader->at) <= len || reader->at[len] != '\0')
		return false;
	*bytes_out = reader->at;
	*len_out = len;
	reader->at += (size_t)len + 1;
	return true;
}

static bool take_optional(struct reader *reader, size_t max, const char **text_out)
{
	const void *bytes;
	size_t len;

	if (!take_bytes(reader, max, &bytes, &len) || (bytes && memchr(bytes, '\0', len)))
		return false;
	*text_out = bytes;
	return true;
}

static bool take_text(struct reader *reader, const char **text_out)
{
	return take_optional(reader, PARCEL_TEXT_MAX_BYTES, text_out) && *text_out;
}

static bool take_headers(struct reader *reader, struct courier_header *headers, size_t room,
			 size_t *n_out)
{
	uint16_t n;

	if (!take(reader, &n, sizeof(n)) || n > room)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!take_text(reader, &headers[i].name) || !take_text(reader, &headers[i].value))
			return false;
	*n_out = n;
	return true;
}

static bool take_policy(struct reader *reader, struct courier_policy *policy)
{
	uint8_t schemes;

	if (!take(reader, &schemes, sizeof(schemes)) || schemes > COURIER_HTTP_TOO)
		return false;
	policy->schemes = (enum courier_schemes)schemes;
	return take_optional(reader, POLICY_LIST_MAX_BYTES, &policy->hosts) &&
	       take_optional(reader, POLICY_LIST_MAX_BYTES, &policy->networks);
}

static bool take_limits(struct reader *reader, struct courier_limits *limits)
{
	uint64_t *const fields[] = { &limits->connect_ns, &limits->first_byte_ns, &limits->idle_ns,
				     &limits->total_ns, &limits->max_bytes };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (!take(reader, fields[i], sizeof(*fields[i])))
			return false;
	return true;
}

ssize_t parcel_decode(const char *bytes, size_t len, struct parcel *parcel_out)
{
	struct reader reader = { bytes, bytes + len };
	uint32_t size;
	uint8_t type;

	if (!take(&reader, &size, sizeof(size)))
		return 0;
	if (size > PARCEL_MAX_BYTES || size < sizeof(type) + sizeof(parcel_out->id))
		return -EBADMSG;
	if (len - sizeof(size) < size)
		return 0;
	reader.end = reader.at + size;
	if (!take(&reader, &type, sizeof(type)) || type >= PARCEL_N ||
	    !take(&reader, &parcel_out->id, sizeof(parcel_out->id)))
		return -EBADMSG;
	parcel_out->type = (enum parcel_type)type;
	parcel_out->body = (struct str) { reader.at, (size_t)(reader.end - reader.at) };
	return (ssize_t)(sizeof(size) + size);
}

static bool take_request(struct reader *reader, struct parcel_request *out)
{
	struct courier_request *request = &out->request;
	size_t n = 0;

	if (!take_text(reader, &request->method) || !take_text(reader, &request->url) ||
	    !take_headers(reader, out->headers, COURIER_MAX_HEADERS, &n))
		return false;
	request->headers = out->headers;
	request->n_headers = n;
	request->secrets = out->headers + n;
	return take_headers(reader, out->headers + n, COURIER_MAX_HEADERS - n,
			    &request->n_secrets) &&
	       take_bytes(reader, COURIER_MAX_BODY_BYTES, &request->body, &request->n_body) &&
	       take_optional(reader, PARCEL_TEXT_MAX_BYTES, &request->wanted) &&
	       take_optional(reader, PARCEL_PEM_MAX_BYTES, &request->ca_pem) &&
	       take_optional(reader, PARCEL_PEM_MAX_BYTES, &request->client_pem) &&
	       take_policy(reader, &request->policy) && take_limits(reader, &request->limits) &&
	       take_optional(reader, PARCEL_TEXT_MAX_BYTES, &out->proxy) &&
	       take_optional(reader, PARCEL_TEXT_MAX_BYTES, &out->no_proxy) &&
	       reader->at == reader->end;
}

int parcel_decode_request(struct str body, struct parcel_request *out)
{
	struct reader reader = read_body(body);

	*out = (struct parcel_request) { 0 };
	return take_request(&reader, out) ? 0 : -EBADMSG;
}

static bool take_recipients(struct reader *reader, struct parcel_mail *out)
{
	uint16_t n;

	if (!take(reader, &n, sizeof(n)) || n > COURIER_MAX_RECIPIENTS)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!take_text(reader, &out->recipients[i]))
			return false;
	out->mail.recipients = out->recipients;
	out->mail.n_recipients = n;
	return true;
}

static bool take_mail(struct reader *reader, struct parcel_mail *out)
{
	struct courier_mail *mail = &out->mail;
	const void *message;
	uint8_t security;

	if (!take_text(reader, &mail->host) || !take(reader, &mail->port, sizeof(mail->port)) ||
	    !take(reader, &security, sizeof(security)) || security > COURIER_PLAIN ||
	    !take_optional(reader, PARCEL_TEXT_MAX_BYTES, &mail->user) ||
	    !take_optional(reader, PARCEL_TEXT_MAX_BYTES, &mail->password) ||
	    !take_optional(reader, PARCEL_TEXT_MAX_BYTES, &mail->hello) ||
	    !take_text(reader, &mail->from) || !take_recipients(reader, out) ||
	    !take_bytes(reader, COURIER_MAX_BODY_BYTES, &message, &mail->n_message) || !message ||
	    !take_optional(reader, PARCEL_PEM_MAX_BYTES, &mail->ca_pem))
		return false;
	mail->message = message;
	mail->security = (enum courier_security)security;
	return take_policy(reader, &mail->policy) && take_limits(reader, &mail->limits) &&
	       reader->at == reader->end;
}

int parcel_decode_mail(struct str body, struct parcel_mail *out)
{
	struct reader reader = read_body(body);

	*out = (struct parcel_mail) { 0 };
	return take_mail(&reader, out) ? 0 : -EBADMSG;
}

int parcel_decode_credit(struct str body, uint32_t *bytes_out)
{
	struct reader reader = read_body(body);

	return take(&reader, bytes_out, sizeof(*bytes_out)) && reader.at == reader.end ? 0
										       : -EBADMSG;
}

int parcel_decode_head(struct str body, struct parcel_head *out)
{
	struct reader reader = read_body(body);
	uint16_t status;

	*out = (struct parcel_head) { 0 };
	if (!take(&reader, &status, sizeof(status)) || status < 200 || status > 999 ||
	    !take_headers(&reader, out->headers, COURIER_MAX_HEADERS, &out->head.n_headers) ||
	    reader.at != reader.end)
		return -EBADMSG;
	out->head.status = status;
	out->head.headers = out->headers;
	return 0;
}

static bool take_receipts(struct reader *reader, struct parcel_end *out)
{
	uint16_t n, status;

	if (!take(reader, &n, sizeof(n)) || n > COURIER_MAX_RECIPIENTS)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!take(reader, &status, sizeof(status)) || status > 999 ||
		    !take_text(reader, &out->receipts[i].text))
			return false;
		out->receipts[i].status = status;
	}
	out->n_receipts = n;
	return true;
}

int parcel_decode_end(struct str body, struct parcel_end *out)
{
	struct reader reader = read_body(body);
	const char *text;
	uint32_t code;

	*out = (struct parcel_end) { 0 };
	if (!take(&reader, &code, sizeof(code)) || code > ERRNO_MAX || !take_text(&reader, &text) ||
	    !take_receipts(&reader, out) || reader.at != reader.end)
		return -EBADMSG;
	out->err.code = -(int)code;
	text_format(out->err.text, sizeof(out->err.text), "%s", text);
	return 0;
}
