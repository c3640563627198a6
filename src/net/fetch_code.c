#include "net/fetch_internal.h"

#include <errno.h>

int fetch_status_code(unsigned status)
{
	switch (status) {
	case 400:
	case 413:
	case 422:
		return -EINVAL;
	case 401:
	case 403:
		return -EACCES;
	case 404:
		return -ENOENT;
	case 408:
		return -ETIMEDOUT;
	case 409:
		return -EEXIST;
	case 429:
	case 503:
		return -EBUSY;
	default:
		return -EREMOTEIO;
	}
}

int fetch_blame_proxy(unsigned status, struct error *err)
{
	const char *wants =
		status == 407 || status == 401 ? "; it wants http://USER:PASSWORD@HOST:PORT" : "";

	return error_set(err, -EHOSTUNREACH, "the proxy answered %u%s", status, wants);
}

int fetch_failure_code(CURLcode failure)
{
	switch (failure) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_SSL_CACERT_BADFILE:
		return -EKEYREJECTED;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_WRITE_ERROR:
		return -E2BIG;
	default:
		return -EHOSTUNREACH;
	}
}
