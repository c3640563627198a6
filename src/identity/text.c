#include "identity/identity_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

int identity_error(struct error *err, int code, const char *format, ...)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	char what[ERROR_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	ERR_clear_error();
	return reason ? error_set(err, code, "%s (%s)", what, reason)
		      : error_set(err, code, "%s", what);
}

void random_fill(void *bytes, size_t len)
{
	/* Up to 256 bytes come whole and without an interruption, see getrandom(2). */
	if (len > 256 || getrandom(bytes, len, 0) != (ssize_t)len)
		abort();
}

void bio_cleanup(BIO **bio)
{
	BIO_free_all(*bio);
}

char *bio_take_text(BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	char *text = strndup(len > 0 ? data : "", len > 0 ? (size_t)len : 0);

	if (!text)
		abort();
	BIO_free_all(bio); /* wipes its memory */
	return text;
}

static bool is_blank(BIO *rest)
{
	char *data = NULL;
	long len = BIO_get_mem_data(rest, &data);

	for (long i = 0; i < len; i++)
		if (!strchr(" \t\r\n", data[i]) || data[i] == '\0')
			return false;
	return true;
}

static bool is_named(const char *name, const char *const *names)
{
	while (*names && strcmp(name, *names) != 0)
		names++;
	return *names;
}

static int pem_read(struct str text, const char *const *names, struct buf *der, struct error *err)
{
	CLEANUP(bio) BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
	unsigned char *data = NULL;
	char *name = NULL, *header = NULL;
	long len = 0;
	int r = 0;

	if (!bio)
		abort();
	if (!PEM_read_bio(bio, &name, &header, &data, &len))
		return identity_error(err, -EBADMSG, "no PEM block in it, and it is not DER");
	if (!is_named(name, names) || header[0] || !is_blank(bio))
		r = error_set(err, -EBADMSG,
			      "expected one plain PEM block '%s' and nothing after it", names[0]);
	else
		buf_add(der, data, (size_t)len);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	return r;
}

int der_find(struct str bytes, const char *const *names, struct buf *kept, struct str *der_out,
	     struct error *err)
{
	/* A SEQUENCE of 128 bytes and more: no text begins like that, and nothing we read is
	 * shorter. */
	bool is_der = bytes.len > 2 && bytes.data[0] == 0x30 && (bytes.data[1] & 0x80);
	int r;

	if (!is_der) {
		buf_init(kept, bytes.len + 1);
		r = pem_read(bytes, names, kept, err);
		if (r < 0)
			return r;
		bytes = (struct str) { kept->data, kept->len };
	}
	*der_out = bytes;
	return 0;
}
