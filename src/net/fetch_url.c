#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "net/fetch.h"

static bool is_loopback(const char *rest)
{
	static const char *const hosts[] = { "127.", "localhost", "[::1]" };

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		if (strncmp(rest, hosts[i], strlen(hosts[i])) == 0)
			return true;
	return false;
}

int fetch_check_url(const char *url, bool *is_plain_out, struct error *err)
{
	*is_plain_out = strncmp(url, "http://", 7) == 0;
	if (*is_plain_out && !is_loopback(url + 7))
		return error_set(err, -EINVAL,
				 "'%s' is not https: keys and results would travel in the clear",
				 url);
	if (!*is_plain_out && strncmp(url, "https://", 8) != 0)
		return error_set(err, -EINVAL, "'%s' is no https:// URL", url);
	return 0;
}

char *fetch_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0);
	char *owned = escaped ? strdup(escaped) : NULL;

	curl_free(escaped);
	if (!owned)
		abort();
	return owned;
}
