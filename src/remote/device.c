#include "remote/device.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define GRANT "urn:ietf:params:oauth:grant-type:device_code"
#define MAX_WAIT_NS (600 * NS_PER_SEC)
#define MAX_INTERVAL_S 60

/* The page at the portal, where there is one: its path is the server's. */
static void show_code(struct page *page, const struct device_request *request, const json_t *code)
{
	const char *uri = json_get_text(code, "verification_uri", "");
	const char *host = strstr(uri, "://");
	const char *path = host ? strchr(host + 3, '/') : NULL;
	size_t len = strlen(request->portal);

	while (len && request->portal[len - 1] == '/')
		len--;
	if (len && path)
		page_flow_format(page, STYLE_PLAIN, 0,
				 "An admin confirms this at %.*s%s with the code", (int)len,
				 request->portal, path);
	else
		page_flow_format(page, STYLE_PLAIN, 0, "An admin confirms this at %s with the code",
				 uri);
	page_end(page);
	page_add(page, STYLE_STRONG, "  %s", json_get_text(code, "user_code", ""));
	page_end(page);
	(void)fflush(page->stream);
}

static int ask_once(struct fetcher *fetcher, const char *device_code, json_t **answer_out,
		    struct error *err)
{
	CLEANUP(json)
	json_t *body = json_pack("{s:s, s:s}", "grant_type", GRANT, "device_code", device_code);
	struct fetch_request request = { .method = "POST",
					 .path = "/api/v1/device/token",
					 .body = body };

	return fetch(fetcher, &request, answer_out, err);
}

/* 0 once there is a secret, or -EAGAIN while the server says to wait. */
static int poll_once(struct fetcher *fetcher, const char *device_code, struct buf *secret,
		     struct error *err)
{
	CLEANUP(json) json_t *answer = NULL;
	int r = ask_once(fetcher, device_code, &answer, err);
	const char *why = json_get_text(answer, "error", "");

	if (r == 0) {
		buf_add_text(secret, json_get_text(answer, "access_token", ""));
		return secret->len ? 0 : error_set(err, -EBADMSG, "the server gave nothing");
	}
	if (strcmp(why, "authorization_pending") == 0 || strcmp(why, "slow_down") == 0)
		return -EAGAIN;
	if (strcmp(why, "access_denied") == 0)
		return error_set(err, -EACCES, "an admin has refused this code");
	return r;
}

static int wait(struct fetcher *fetcher, const json_t *code, struct buf *secret, struct error *err)
{
	int64_t interval_s = json_get_int(code, "interval", 5);
	struct timespec pause = { .tv_sec = interval_s < 1                ? 1
					    : interval_s > MAX_INTERVAL_S ? MAX_INTERVAL_S
									  : interval_s };
	uint64_t until_ns = clock_monotonic_ns() + MAX_WAIT_NS;
	int r = -EAGAIN;

	while (r == -EAGAIN && clock_monotonic_ns() < until_ns) {
		(void)nanosleep(&pause, NULL);
		r = poll_once(fetcher, json_get_text(code, "device_code", ""), secret, err);
	}
	return r == -EAGAIN ? error_set(err, -ETIMEDOUT, "nobody confirmed the code in time") : r;
}

int device_ask(struct fetcher *fetcher, const struct device_request *request, struct page *page,
	       struct buf *secret, struct error *err)
{
	CLEANUP(json)
	json_t *body = json_pack("{s:s, s:s, s:s}", "client_id", "constable", "hostname",
				 request->name, "scope", request->scope);
	CLEANUP(json) json_t *code = NULL;
	struct fetch_request start = { .method = "POST",
				       .path = "/api/v1/device/authorize",
				       .body = body };
	int r = fetch(fetcher, &start, &code, err);

	if (r < 0)
		return r;
	show_code(page, request, code);
	return wait(fetcher, code, secret, err);
}
