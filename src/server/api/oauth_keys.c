/* The issuer's keys: from a file, or by HTTPS; what cannot be had leaves those that there are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "identity/file.h"
#include "server/api/oauth_internal.h"

#define EVERY_S 3600
#define RETRY_S 60
#define AT_MOST_EVERY_NS (60 * NS_PER_SEC)
#define MAX_WAITERS 256

struct oauth_waiter {
	struct oauth_waiter *next;
	oauth_then *then;
	void *data;
};

static bool is_address(const struct oauth *oauth)
{
	return strncmp(oauth->keys_at, "https://", 8) == 0 ||
	       strncmp(oauth->keys_at, "http://", 7) == 0;
}

static void look_again(struct oauth *oauth, unsigned after_s)
{
	const struct timeval after = { .tv_sec = after_s };

	if (event_add(&oauth->again, &after) < 0)
		abort();
}

static void wake(struct oauth *oauth)
{
	struct oauth_waiter *waiter = TAKE(oauth->waiters);

	oauth->n_waiters = 0;
	while (waiter) {
		struct oauth_waiter *next = waiter->next;

		waiter->then(waiter->data);
		free(waiter);
		waiter = next;
	}
}

static int take(struct oauth *oauth, const struct buf *text, struct error *err)
{
	struct key_set keys = { 0 };
	int r = key_set_parse(buf_text(text), text->len, &keys, err);

	if (r < 0)
		return r;
	key_set_finish(&oauth->keys);
	oauth->keys = keys;
	return 0;
}

static int read_file(struct oauth *oauth, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	buf_init(&text, KEY_SET_MAX_BYTES);
	r = file_load_public(oauth->keys_at, &text, err);
	if (r == 0)
		r = take(oauth, &text, err);
	return r < 0 ? error_wrap(err, "oauth_keys '%s'", oauth->keys_at) : 0;
}

static void finish(struct oauth *oauth, int r, const struct error *err)
{
	if (r < 0)
		log_warn("the keys of the OAuth issuer: %s", err->text);
	look_again(oauth, r < 0 ? RETRY_S : EVERY_S);
	wake(oauth);
}

static void handle_read(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct oauth *oauth = data;
	struct error err = { 0 };
	int r = read_file(oauth, &err);

	finish(oauth, r, &err);
}

static void handle_head(const struct courier_head *head, void *data)
{
	struct oauth *oauth = data;

	oauth->status = head->status;
}

static void handle_body(const char *bytes, size_t len, void *data)
{
	struct oauth *oauth = data;

	buf_add(&oauth->body, bytes, len);
}

static void handle_end(const struct error *err, void *data)
{
	struct oauth *oauth = data;
	struct error why = { 0 };
	int r;

	oauth->call = NULL;
	if (err)
		r = error_set(&why, err->code, "%s", err->text);
	else if (oauth->status != 200)
		r = error_set(&why, -EPROTO, "the issuer answered %u", oauth->status);
	else
		r = take(oauth, &oauth->body, &why);
	buf_finish(&oauth->body);
	finish(oauth, r, &why);
}

static void ask(struct oauth *oauth)
{
	static const struct courier_handlers handlers = { handle_head, handle_body, handle_end };
	static const struct courier_header accept = { "Accept", "application/json" };

	oauth->asked_ns = clock_monotonic_ns();
	if (!is_address(oauth)) {
		event_active(&oauth->read, EV_TIMEOUT, 0);
		return;
	}
	buf_finish(&oauth->body);
	buf_init(&oauth->body, KEY_SET_MAX_BYTES);
	oauth->status = 0;
	oauth->call = courier_request(
		oauth->courier,
		&(struct courier_request) {
			.method = "GET",
			.url = oauth->keys_at,
			.headers = &accept,
			.n_headers = 1,
			.ca_pem = oauth->ca_pem,
			.policy = { .schemes = COURIER_HTTPS_ONLY, .networks = oauth->networks },
			.limits = { .first_byte_ns = 10 * NS_PER_SEC,
				    .total_ns = 20 * NS_PER_SEC,
				    .max_bytes = KEY_SET_MAX_BYTES } },
		&handlers, oauth);
}

static void handle_again(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct oauth *oauth = data;

	if (!oauth->call)
		ask(oauth);
}

bool oauth_keys_want(struct oauth *oauth)
{
	if (oauth->call || event_pending(&oauth->read, EV_TIMEOUT, NULL))
		return true;
	if (oauth->asked_ns && clock_monotonic_ns() - oauth->asked_ns < AT_MOST_EVERY_NS)
		return false;
	ask(oauth);
	return true;
}

bool oauth_wait(struct oauth *oauth, oauth_then *then, void *data)
{
	struct oauth_waiter *waiter;

	if (oauth->n_waiters == MAX_WAITERS)
		return false;
	waiter = calloc(1, sizeof(*waiter));
	if (!waiter)
		abort();
	*waiter = (struct oauth_waiter) { .next = oauth->waiters, .then = then, .data = data };
	oauth->waiters = waiter;
	oauth->n_waiters++;
	return true;
}

int oauth_keys_open(struct oauth *oauth, struct error *err)
{
	if (event_assign(&oauth->again, oauth->base, -1, 0, handle_again, oauth) < 0 ||
	    event_assign(&oauth->read, oauth->base, -1, 0, handle_read, oauth) < 0)
		abort();
	oauth->is_open = true;
	if (is_address(oauth)) {
		if (strncmp(oauth->keys_at, "https://", 8) != 0)
			return error_set(err, -EINVAL,
					 "oauth_keys: an address begins with https://");
		look_again(oauth, 0);
		return 0;
	}
	look_again(oauth, EVERY_S);
	return read_file(oauth, err);
}

void oauth_keys_close(struct oauth *oauth)
{
	struct oauth_waiter *waiter = oauth->waiters;

	if (!oauth->is_open)
		return;
	if (oauth->call)
		courier_cancel(oauth->call);
	(void)event_del(&oauth->again);
	(void)event_del(&oauth->read);
	buf_finish(&oauth->body);
	while (waiter) {
		struct oauth_waiter *next = waiter->next;

		free(waiter);
		waiter = next;
	}
}
