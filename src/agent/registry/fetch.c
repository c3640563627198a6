/* Asking the registry: its list, and the archives that are not here yet, one after the other. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "agent/agent.h"
#include "agent/registry/registry_internal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"
#include "identity/file.h"
#include "identity/key.h"

#define MOST_WAIT_NS (10 * 60 * NS_PER_SEC)
#define MOST_DOUBLINGS 8
#define PEM_MAX_BYTES (64 * KIB)
#define TOTAL_NS (60 * NS_PER_SEC)

static void fetch(struct registry *registry, const char *path);

static uint64_t random_below(uint64_t limit)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = clock_monotonic_ns();
	return limit ? random % limit : 0;
}

/* A tenth of jitter, so that a fleet does not come at once; after failures twice as long each. */
static void plan_poll(struct registry *registry)
{
	unsigned doublings =
		registry->n_failures < MOST_DOUBLINGS ? registry->n_failures : MOST_DOUBLINGS;
	uint64_t wait_ns = registry->interval_ns << doublings;
	struct timeval wait;

	if (registry->n_failures && wait_ns > MOST_WAIT_NS)
		wait_ns =
			registry->interval_ns > MOST_WAIT_NS ? registry->interval_ns : MOST_WAIT_NS;
	if (wait_ns < registry->retry_after_s * NS_PER_SEC)
		wait_ns = registry->retry_after_s * NS_PER_SEC;
	wait_ns = wait_ns - wait_ns / 10 + random_below(wait_ns / 5);
	wait = (struct timeval) { (time_t)(wait_ns / NS_PER_SEC),
				  (suseconds_t)(wait_ns % NS_PER_SEC / 1000) };
	(void)event_add(registry->timer, &wait);
}

/* Whatever comes of it, what was said last holds, and another attempt follows. */
static void end_poll(struct registry *registry, const char *why)
{
	registry->fetching = REGISTRY_RESTS;
	registry->wanted = NULL;
	if (why && strcmp(registry->why, why) != 0)
		log_warn("the registry '%s': %s", registry->url, why);
	text_copy(registry->why, sizeof(registry->why), why ? why : "");
	registry->n_failures = why ? registry->n_failures + 1 : 0;
	if (!why) {
		registry->polled_ns = clock_wall_ns();
		registry_tidy(registry);
	}
	plan_poll(registry);
	registry_settle(registry);
}

/* --- archives ------------------------------------------------------------------------------ */

static bool is_missing(const struct registry *registry, const json_t *wish)
{
	const char *sha256 = json_get_text(wish, "sha256", "");

	return *sha256 && !json_object_get(wish, "why") && !registry_has_archive(registry, sha256);
}

/* Those that could not be had come after the others, each once in a poll: so none of them keeps
 * another back. */
static const json_t *find_missing(const struct registry *registry)
{
	const json_t *wish, *late = NULL;
	int64_t late_s = registry->began_s;
	size_t i;

	json_array_foreach(registry->wishes, i, wish)
	{
		const json_t *retry =
			registry_retry(registry, REGISTRY_FETCHED, json_get_text(wish, "name", ""));
		int64_t at_s = json_get_int(retry, "at_s", 0);

		if (!is_missing(registry, wish))
			continue;
		if (!retry)
			return wish;
		if (at_s <= late_s) {
			late = wish;
			late_s = at_s;
		}
	}
	return late;
}

/* The documented agent asks at the first path, its registry answers at the second. */
static void fetch_archive(struct registry *registry)
{
	const char *id = json_get_text(registry->wanted, "id", "");
	char path[REGISTRY_TAG_BYTES];

	text_format(path, sizeof(path),
		    registry->is_second_path ? "/artifacts/binary/%s" : "/artifacts/%s/binary", id);
	registry->fetching = REGISTRY_FETCHES_BINARY;
	fetch(registry, path);
}

static void go_on(struct registry *registry)
{
	registry->wanted = find_missing(registry);
	registry->is_second_path = false;
	if (registry->wanted)
		fetch_archive(registry);
	else
		end_poll(registry, NULL);
}

static int keep_archive(struct registry *registry, struct error *err)
{
	const char *sha256 = json_get_text(registry->wanted, "sha256", "");

	if (registry->status == 429 || registry->status >= 500)
		return error_set(err, -EAGAIN, "the registry answers %u for its archive",
				 registry->status);
	if (registry->status != 200)
		return error_set(err, -EREMOTEIO, "the registry answers %u for its archive",
				 registry->status);
	if (registry->body.dropped)
		return error_set(err, -E2BIG, "its archive has more than %d bytes",
				 REGISTRY_ARCHIVE_MAX_BYTES);
	return registry_save_archive(registry, sha256, &registry->body, err);
}

/* Then the others can be had nevertheless. */
static bool is_of_one(int code)
{
	return code == -EREMOTEIO || code == -E2BIG || code == -ETIMEDOUT || code == -EBADE;
}

/* What is wrong with registry or disk ends the poll, and soon there is another. */
static void put_off_wanted(struct registry *registry, struct error *err)
{
	bool goes_on = is_of_one(err->code);

	if (!goes_on)
		err->code = -EAGAIN;
	registry_put_off_archive(registry, registry->wanted, err);
	error_wrap(err, "the program '%s'", json_get_text(registry->wanted, "name", ""));
	if (goes_on)
		go_on(registry);
	else
		end_poll(registry, err->text);
}

static void take_archive(struct registry *registry, const struct error *failed)
{
	struct error err = failed ? *failed : (struct error) { 0 };

	if (!failed && registry->status == 404 && !registry->is_second_path) {
		registry->is_second_path = true;
		fetch_archive(registry);
	} else if (!failed && keep_archive(registry, &err) == 0) {
		registry_forget_retry(registry, REGISTRY_FETCHED,
				      json_get_text(registry->wanted, "name", ""));
		go_on(registry);
	} else {
		put_off_wanted(registry, &err);
	}
}

/* --- the list ------------------------------------------------------------------------------ */

static void take_list(struct registry *registry)
{
	struct error err = { 0 };
	char why[80];
	CLEANUP(json) json_t *said = NULL;

	if (registry->status == 304 && registry->wishes) {
		go_on(registry);
		return;
	}
	if (registry->status != 200) {
		text_format(why, sizeof(why), "it answers %u", registry->status);
		end_poll(registry, why);
		return;
	}
	said = wish_parse(buf_text(&registry->body), registry->body.len, &err);
	if (!said) {
		end_poll(registry, err.text);
		return;
	}
	registry_take(registry, said);
	registry_forget_changed(registry);
	registry_tidy(registry);
	text_copy(registry->tag, sizeof(registry->tag), registry->new_tag);
	registry_save_wishes(registry);
	step_reached("registry-listed");
	go_on(registry);
}

/* --- one request --------------------------------------------------------------------------- */

static void handle_head(const struct courier_head *head, void *data)
{
	struct registry *registry = data;

	registry->status = head->status;
	for (size_t i = 0; i < head->n_headers; i++) {
		const char *value = head->headers[i].value;

		if (strcmp(head->headers[i].name, "etag") == 0 &&
		    strlen(value) < sizeof(registry->new_tag))
			text_copy(registry->new_tag, sizeof(registry->new_tag), value);
		else if (strcmp(head->headers[i].name, "retry-after") == 0)
			(void)scan_u64(&value, &registry->retry_after_s);
	}
	if (registry->retry_after_s > 3600)
		registry->retry_after_s = 3600;
}

static void handle_body(const char *bytes, size_t len, void *data)
{
	struct registry *registry = data;

	buf_add(&registry->body, bytes, len);
}

static void handle_end(const struct error *err, void *data)
{
	struct registry *registry = data;

	registry->call = NULL;
	if (registry->fetching == REGISTRY_FETCHES_BINARY)
		take_archive(registry, err);
	else if (err)
		end_poll(registry, err->text);
	else
		take_list(registry);
}

/* The certificate may have been renewed meanwhile. */
static void write_identity(const struct registry *registry, struct buf *out)
{
	CLEANUP(text) char *certificate = certificate_format(registry->agent->state.certificate);

	buf_init(out, PEM_MAX_BYTES);
	buf_add_text(out, certificate);
	key_write(registry->agent->state.key, out);
}

static const struct courier_handlers handlers = {
	.head = handle_head,
	.body = handle_body,
	.end = handle_end,
};

static void fetch(struct registry *registry, const char *path)
{
	bool is_list = registry->fetching == REGISTRY_FETCHES_LIST;
	const struct courier_header known = { "If-None-Match", registry->tag };
	const struct courier_header secret = { "Authorization",
					       buf_text(&registry->authorization) };
	CLEANUP(secret_buf) struct buf identity = { 0 };
	char url[REGISTRY_URL_BYTES + REGISTRY_TAG_BYTES];

	text_format(url, sizeof(url), "%s%s", registry->url, path);
	if (registry->is_own)
		write_identity(registry, &identity);
	registry->status = 0;
	registry->retry_after_s = 0;
	registry->new_tag[0] = '\0';
	buf_finish(&registry->body);
	buf_init(&registry->body, is_list ? WISH_LIST_MAX_BYTES : REGISTRY_ARCHIVE_MAX_BYTES);
	registry->call = courier_request(
		registry->courier,
		&(struct courier_request) {
			.method = "GET",
			.url = url,
			.headers = &known,
			.n_headers = is_list && registry->tag[0] && registry->wishes,
			.secrets = &secret,
			.n_secrets = registry->authorization.len > 0,
			.wanted = "etag, retry-after",
			.ca_pem = registry->ca.len ? buf_text(&registry->ca) : NULL,
			.client_pem = registry->is_own ? buf_text(&identity) : NULL,
			.policy = { .schemes = registry->is_own ? COURIER_HTTPS_ONLY
								: COURIER_HTTP_TOO,
				    .networks = COURIER_PRIVATE_NETWORKS },
			.limits = { .total_ns = TOTAL_NS, .max_bytes = registry->body.max },
		},
		&handlers, registry);
}

void registry_poll(struct registry *registry)
{
	const struct agent *agent = registry->agent;
	char path[REGISTRY_TAG_BYTES + 64];

	if (registry->fetching != REGISTRY_RESTS)
		return;
	registry->fetching = REGISTRY_FETCHES_LIST;
	registry->began_s = registry_boot_s();
	text_format(path, sizeof(path), "/artifacts/for-host/%.128s",
		    registry->is_own ? agent->state.agent : agent->hostname);
	fetch(registry, path);
}
