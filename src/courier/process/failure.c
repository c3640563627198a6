#include <errno.h>
#include <string.h>

#include "courier/process/dispatch_internal.h"

void failure_clean(const char *text, size_t len, char *clean_out, size_t size)
{
	size_t n = 0;

	while (len && *text == ' ') {
		text++;
		len--;
	}
	for (; n + 1 < size && n < len; n++)
		clean_out[n] = (char)(text[n] >= ' ' && text[n] < 0x7f ? text[n] : '?');
	clean_out[n] = '\0';
}

static const struct {
	CURLcode result;
	int code;
} codes[] = {
	{ CURLE_URL_MALFORMAT, -EINVAL },
	{ CURLE_COULDNT_RESOLVE_HOST, -ENOENT },
	{ CURLE_COULDNT_RESOLVE_PROXY, -ENOENT },
	{ CURLE_COULDNT_CONNECT, -EHOSTUNREACH },
	{ CURLE_PEER_FAILED_VERIFICATION, -EKEYREJECTED },
	{ CURLE_SSL_CACERT_BADFILE, -EKEYREJECTED },
	{ CURLE_SSL_ISSUER_ERROR, -EKEYREJECTED },
	{ CURLE_LOGIN_DENIED, -EPERM },
	{ CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT },
	{ CURLE_GOT_NOTHING, -ECONNRESET },
	{ CURLE_PARTIAL_FILE, -ECONNRESET },
	{ CURLE_RECV_ERROR, -ECONNRESET },
	{ CURLE_SEND_ERROR, -ECONNRESET },
};

static int code_of(const struct transfer *transfer, CURLcode result)
{
	long cause = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &cause);
	if (result == CURLE_COULDNT_CONNECT && cause == ECONNREFUSED)
		return -ECONNREFUSED;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].result == result)
			return codes[i].code;
	return -EPROTO;
}

/* Whether it was us who ended it: an address that was refused may have been one of several. */
static bool was_refused(const struct transfer *transfer, CURLcode result)
{
	if (transfer->refused.code == 0)
		return false;
	return result == CURLE_WRITE_ERROR || result == CURLE_ABORTED_BY_CALLBACK ||
	       (result == CURLE_COULDNT_CONNECT && !transfer->n_tried);
}

/* A server that said 4xx or 5xx has a better sentence than libcurl. */
static bool has_objected(const struct transfer *transfer)
{
	const struct mailing *mailing = transfer->mailing;

	return mailing && (mailing->last[0] == '4' || mailing->last[0] == '5');
}

int failure_judge(const struct transfer *transfer, CURLcode result, struct error *err)
{
	const char *why = *transfer->failure ? transfer->failure : curl_easy_strerror(result);
	int code = code_of(transfer, result);
	char clean[CURL_ERROR_SIZE];
	long proxy_status = 0;

	if (was_refused(transfer, result)) {
		*err = transfer->refused;
		return err->code;
	}
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	if (proxy_status >= 300)
		return error_set(err, -EPERM, "%s: the proxy answered %ld", transfer->host,
				 proxy_status);
	if (has_objected(transfer))
		return error_set(err, code == -EPERM ? -EPERM : -EREMOTEIO, "%s said: %s",
				 transfer->host, transfer->mailing->last);
	failure_clean(why, strlen(why), clean, sizeof(clean));
	if (result == CURLE_USE_SSL_FAILED)
		return error_set(err, code, "%s offers no STARTTLS", transfer->host);
	return error_set(err, code, "%s: %s", transfer->host, clean);
}
