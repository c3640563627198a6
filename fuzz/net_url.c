/* URLs, paths and exemptions: what is taken is what it says, and formats back. */
#include "harness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/dial.h"
#include "net/url.h"

static void check_url(const struct url *url)
{
	CLEANUP(url) struct url again = { 0 };
	struct error err = { 0 };
	char host[URL_HOST_BYTES + 16], text[URL_HOST_BYTES + URL_MAX_BYTES + 64];

	assert(url->port && url->host[0] && url->target[0] == '/');
	url_format_host(url, host, sizeof(host));
	text_format(text, sizeof(text), "ws%s://%s%s", url_is_secure(url) ? "s" : "", host,
		    url->target);
	if (url->scheme != URL_WS && url->scheme != URL_WSS)
		return;
	/* A slash more than came can be one too many. */
	if (url_parse(text, strlen(text), &again, &err) < 0) {
		assert(strlen(text) > URL_MAX_BYTES);
		return;
	}
	assert(strcmp(again.host, url->host) == 0 && again.port == url->port);
	assert(strcmp(again.target, url->target) == 0);
}

static void check_path(const char *text, size_t len)
{
	struct error err = { 0 };
	CLEANUP(text) char *path = url_decode_path((struct str) { text, len }, &err);

	if (!path)
		return;
	assert(path[0] == '/' && strlen(path) <= len && !strstr(path, "/../"));
	for (const char *at = path; *at; at++)
		assert((unsigned char)*at >= ' ' && *at != '\\');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(text) char *text = strndup((const char *)data, size);
	CLEANUP(url) struct url url = { 0 };
	struct error err = { 0 };

	if (url_parse((const char *)data, size, &url, &err) == 0)
		check_url(&url);
	check_path((const char *)data, size);
	(void)dial_is_exempt(text, "10.1.2.3");
	(void)dial_is_exempt("fd00::/8,.example", text);
	return 0;
}
