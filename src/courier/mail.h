/*
 * Mail by the courier: one message to several recipients, by SMTP (RFC 5321).
 *
 * STARTTLS (RFC 3207) is required unless said otherwise; AUTH is what the server offers of
 * PLAIN, LOGIN and the like, and never in the clear but to loopback.
 */
#pragma once

#include "courier/courier.h"

#define COURIER_MAX_RECIPIENTS 100

enum courier_security {
	COURIER_STARTTLS, /* required: without it nothing is sent */
	COURIER_TLS,      /* from the first byte (RFC 8314), port 465 */
	COURIER_PLAIN,    /* to loopback addresses only */
};

struct courier_mail {
	const char *host;
	uint16_t port; /* 0: 587, or 465 */
	enum courier_security security;
	const char *user, *password;   /* NULL: no AUTH */
	const char *hello;             /* our name in EHLO; NULL: the host's */
	const char *from;              /* of the envelope; "" for none */
	const char *const *recipients; /* "name@example.org", without <> */
	size_t n_recipients;
	const char *message; /* headers and body (RFC 5322, MIME); lines may end in LF or CRLF */
	size_t n_message;
	const char *ca_pem;           /* as in a request */
	struct courier_policy policy; /* its schemes do not matter */
	struct courier_limits limits; /* without max_bytes */
};

/* What the server said about one recipient. */
struct courier_receipt {
	unsigned status;  /* 250, 550, ...; 0: it was not asked */
	const char *text; /* its sentence, printable, at most 200 bytes */
};

/*
 * As 'end', once. 'err' is NULL when the server took the message for at least one recipient;
 * look at the receipts, one for each in order, for who was refused (5xx: for good, 4xx: try
 * again). Otherwise codes as above, and -EREMOTEIO: the server refused, see the sentence.
 */
typedef void courier_mail_done(const struct courier_receipt *receipts, size_t n,
			       const struct error *err, void *data);

struct courier_call *courier_send_mail(struct courier *courier, const struct courier_mail *mail,
				       courier_mail_done *done, void *data);
