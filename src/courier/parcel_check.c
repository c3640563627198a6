/* What a user of the courier may ask for, as far as its size goes; the rest the courier judges. */
#include <errno.h>
#include <string.h>

#include "courier/parcel.h"

struct sized {
	const char *what, *text;
	size_t max;
};

static int check_texts(const struct sized *texts, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++)
		if (texts[i].text && strlen(texts[i].text) > texts[i].max)
			return error_set(err, -E2BIG, "the %s is longer than %zu bytes",
					 texts[i].what, texts[i].max);
	return 0;
}

static int check_headers(const struct courier_header *headers, size_t n, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct sized texts[] = {
			{ "name of a header", headers[i].name, PARCEL_TEXT_MAX_BYTES },
			{ "value of a header", headers[i].value, PARCEL_TEXT_MAX_BYTES },
		};

		if (!headers[i].name || !headers[i].value)
			return error_set(err, -EINVAL, "a header lacks its name or its value");
		r = check_texts(texts, ARRAY_LEN(texts), err);
	}
	return r;
}

static int check_body(size_t len, struct error *err)
{
	return len <= COURIER_MAX_BODY_BYTES
		       ? 0
		       : error_set(err, -E2BIG, "more than %zu MiB are to be sent",
				   COURIER_MAX_BODY_BYTES / MIB);
}

int parcel_check_request(const struct courier_request *request, struct error *err)
{
	const struct sized texts[] = {
		{ "method", request->method, PARCEL_TEXT_MAX_BYTES },
		{ "URL", request->url, PARCEL_TEXT_MAX_BYTES },
		{ "list of wanted headers", request->wanted, PARCEL_TEXT_MAX_BYTES },
		{ "text of certificates", request->ca_pem, PARCEL_PEM_MAX_BYTES },
		{ "text of our certificate", request->client_pem, PARCEL_PEM_MAX_BYTES },
		{ "list of hosts", request->policy.hosts, POLICY_LIST_MAX_BYTES },
		{ "list of networks", request->policy.networks, POLICY_LIST_MAX_BYTES },
	};
	int r = check_body(request->n_body, err);

	if (!request->method || !request->url)
		return error_set(err, -EINVAL, "a request lacks its method or its URL");
	if (request->n_headers > COURIER_MAX_HEADERS || request->n_secrets > COURIER_MAX_HEADERS ||
	    request->n_headers + request->n_secrets > COURIER_MAX_HEADERS)
		return error_set(err, -E2BIG, "more than %d headers", COURIER_MAX_HEADERS);
	if (r == 0)
		r = check_texts(texts, ARRAY_LEN(texts), err);
	if (r == 0)
		r = check_headers(request->headers, request->n_headers, err);
	if (r == 0)
		r = check_headers(request->secrets, request->n_secrets, err);
	return r;
}

static int check_recipients(const struct courier_mail *mail, struct error *err)
{
	int r = 0;

	if (!mail->n_recipients || mail->n_recipients > COURIER_MAX_RECIPIENTS)
		return error_set(err, -EINVAL, "a mail has 1 to %d recipients",
				 COURIER_MAX_RECIPIENTS);
	for (size_t i = 0; i < mail->n_recipients; i++)
		if (!mail->recipients[i])
			return error_set(err, -EINVAL, "a mail lacks a recipient");
	for (size_t i = 0; i < mail->n_recipients && r == 0; i++)
		r = check_texts(&(struct sized) { "address of a recipient", mail->recipients[i],
						  PARCEL_TEXT_MAX_BYTES },
				1, err);
	return r;
}

int parcel_check_mail(const struct courier_mail *mail, struct error *err)
{
	const struct sized texts[] = {
		{ "host", mail->host, PARCEL_TEXT_MAX_BYTES },
		{ "user", mail->user, PARCEL_TEXT_MAX_BYTES },
		{ "password", mail->password, PARCEL_TEXT_MAX_BYTES },
		{ "name for EHLO", mail->hello, PARCEL_TEXT_MAX_BYTES },
		{ "address of the sender", mail->from, PARCEL_TEXT_MAX_BYTES },
		{ "text of certificates", mail->ca_pem, PARCEL_PEM_MAX_BYTES },
		{ "list of hosts", mail->policy.hosts, POLICY_LIST_MAX_BYTES },
		{ "list of networks", mail->policy.networks, POLICY_LIST_MAX_BYTES },
	};
	int r = check_body(mail->n_message, err);

	if (!mail->host || !mail->from || !mail->message)
		return error_set(err, -EINVAL, "a mail lacks its host, sender or message");
	if (r == 0)
		r = check_recipients(mail, err);
	if (r == 0)
		r = check_texts(texts, ARRAY_LEN(texts), err);
	return r;
}
