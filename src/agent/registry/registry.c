#include "agent/registry/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/registry/registry_internal.h"
#include "base/clock.h"
#include "base/duration.h"
#include "identity/file.h"

#define LEAST_INTERVAL_NS NS_PER_SEC
#define COURIER_STAYS_NS (2 * NS_PER_SEC) /* until the next poll it is not needed */
#define CA_MAX_BYTES (256 * KIB)
#define TOKEN_MAX_BYTES (4 * KIB)

static int read_url(struct registry *registry, const char *given, struct error *err)
{
	size_t len;

	registry->is_own = strcmp(given, "server") == 0;
	if (strlen(given) >= sizeof(registry->url))
		return error_set(err, -EINVAL, "registry_url: it is too long");
	text_copy(registry->url, sizeof(registry->url),
		  registry->is_own ? registry->agent->state.server : given);
	len = strlen(registry->url);
	while (len && registry->url[len - 1] == '/')
		registry->url[--len] = '\0';
	if (strncmp(registry->url, "https://", 8) != 0 && strncmp(registry->url, "http://", 7) != 0)
		return error_set(err, -EINVAL,
				 "registry_url: say 'server', or https://host, not '%s'", given);
	return 0;
}

/* Our server is known by the CA that enrolment left, whatever the settings say of others. */
static int read_secrets(struct registry *registry, struct error *err)
{
	const struct config *config = registry->agent->config;
	const char *ca = config_get(config, "registry_ca")->text;
	const char *token = config_get(config, "registry_token_file")->text;

	buf_init(&registry->ca, CA_MAX_BYTES);
	buf_init(&registry->authorization, TOKEN_MAX_BYTES);
	if (registry->is_own) {
		buf_add_text(&registry->ca, registry->agent->state.ca_pem);
		return 0;
	}
	if (*ca && file_load_public(ca, &registry->ca, err) < 0)
		return error_wrap(err, "registry_ca");
	if (!*token)
		return 0;
	buf_add_text(&registry->authorization, "Bearer ");
	if (file_load_private(token, &registry->authorization, err) < 0)
		return error_wrap(err, "registry_token_file");
	registry->authorization.len = strcspn(buf_text(&registry->authorization), "\r\n");
	registry->authorization.data[registry->authorization.len] = '\0';
	return 0;
}

static int start_courier(struct registry *registry, struct error *err)
{
	const struct config *config = registry->agent->config;
	const char *proxy = config_get(config, "proxy")->text;
	const char *no_proxy = config_get(config, "no_proxy")->text;

	registry->courier = courier_new(registry->agent->base,
					&(struct courier_config) {
						.executables = registry->agent->executables,
						.proxy = *proxy ? proxy : NULL,
						.no_proxy = *no_proxy ? no_proxy : NULL,
						.idle_ns = COURIER_STAYS_NS,
					},
					err);
	return registry->courier ? 0 : err->code;
}

static void handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	registry_poll(data);
}

static int set_up(struct registry *registry, const char *url, struct error *err)
{
	text_format(registry->folder, sizeof(registry->folder), "%s/registry",
		    registry->agent->state.folder);
	if (!duration_from_text(config_get(registry->agent->config, "poll_interval")->text,
				&registry->interval_ns) ||
	    registry->interval_ns < LEAST_INTERVAL_NS)
		registry->interval_ns = LEAST_INTERVAL_NS;
	if (read_url(registry, url, err) < 0 || read_secrets(registry, err) < 0 ||
	    registry_load(registry, err) < 0)
		return err->code;
	return start_courier(registry, err);
}

int registry_open(struct agent *agent, struct registry **registry_out, struct error *err)
{
	const char *url = config_get(agent->config, "registry_url")->text;
	struct registry *registry;

	*registry_out = NULL;
	if (!*url)
		return 0;
	registry = calloc(1, sizeof(*registry));
	if (!registry)
		abort();
	registry->agent = agent;
	registry->ids = json_object();
	registry->retries = json_object();
	registry->timer = evtimer_new(agent->base, handle_timer, registry);
	if (!registry->timer)
		abort();
	if (set_up(registry, url, err) < 0) {
		registry_close(registry);
		return err->code;
	}
	*registry_out = registry;
	return 0;
}

void registry_close(struct registry *registry)
{
	if (!registry)
		return;
	if (registry->agent->warden)
		warden_forget(registry->agent->warden, registry);
	if (registry->call)
		courier_cancel(registry->call);
	courier_free(registry->courier);
	event_free(registry->timer);
	buf_finish(&registry->body);
	buf_finish(&registry->ca);
	secret_buf_cleanup(&registry->authorization);
	json_decref(registry->wishes);
	json_decref(registry->revoked);
	json_decref(registry->ids);
	json_decref(registry->records);
	json_decref(registry->coming);
	json_decref(registry->retries);
	json_decref(registry->applying);
	free(registry);
}

void registry_start(struct registry *registry)
{
	if (registry)
		registry_poll(registry);
}

void registry_warden_up(struct registry *registry)
{
	if (!registry)
		return;
	(void)json_object_clear(registry->retries);
	registry_settle(registry);
}

/* --- what is told of it ------------------------------------------------------------------- */

const char *registry_artifact(const struct registry *registry, const char *sha256)
{
	return registry ? json_get_text(registry->ids, sha256, NULL) : NULL;
}

static void add_approval(json_t *row, const json_t *retry)
{
	const char *nonce = json_get_text(retry, "nonce", NULL);

	if (nonce)
		json_put(row, "approval",
			 json_pack("{s:s, s:s}", "nonce", nonce, "args_sha256",
				   json_get_text(retry, "args_sha256", "")));
}

static json_t *describe(const struct registry *registry, const json_t *wish)
{
	const char *name = json_get_text(wish, "name", "");
	const json_t *record = json_object_get(registry->records, name);
	const json_t *retry = registry_retry(registry, REGISTRY_COMES, name);
	const char *why = json_get_text(wish, "why", NULL);
	json_t *row = json_pack("{s:s, s:s}", "name", name, "version",
				json_get_text(wish, "version", ""));
	bool is_applied =
		!retry && json_object_get(record, "program") &&
		strcmp(json_get_text(record, "key", ""), json_get_text(wish, "key", "-")) == 0;

	if (!why)
		why = json_get_text(retry, "why", NULL);
	if (!why && !is_applied)
		why = json_get_text(registry_retry(registry, REGISTRY_FETCHED, name), "why", NULL);
	json_put(row, "state", json_string(why ? "refused" : is_applied ? "applied" : "wanted"));
	if (why)
		json_put(row, "why", json_string(why));
	add_approval(row, retry ? retry : registry_retry(registry, REGISTRY_GOES, name));
	return row;
}

/* What is wanted no longer, and has not gone yet. */
static json_t *describe_leaving(const struct registry *registry, const char *name,
				const json_t *record)
{
	const json_t *retry = registry_retry(registry, REGISTRY_GOES, name);
	json_t *row = json_pack("{s:s, s:s, s:s}", "name", name, "version",
				json_get_text(record, "version", "?"), "state", "leaving");

	if (retry)
		json_put(row, "why", json_string(json_get_text(retry, "why", "")));
	add_approval(row, retry);
	return row;
}

json_t *registry_status(const struct registry *registry)
{
	char time[CLOCK_TEXT_BYTES];
	json_t *status, *programs, *wish, *record;
	const char *name;
	size_t i;

	if (!registry)
		return json_null();
	programs = json_array();
	json_array_foreach(registry->wishes, i, wish)
	{
		json_push(programs, describe(registry, wish));
	}
	json_object_foreach(registry->records, name, record)
	{
		if (!registry_wish(registry, name))
			json_push(programs, describe_leaving(registry, name, record));
	}
	status = json_pack("{s:s, s:s, s:o}", "url", registry->url, "state",
			   registry->why[0]      ? "away"
			   : registry->polled_ns ? "up"
						 : "unasked",
			   "programs", programs);
	if (registry->polled_ns)
		json_put(status, "polled", json_string(clock_format(registry->polled_ns, time)));
	if (registry->why[0])
		json_put(status, "why", json_text(registry->why, strlen(registry->why)));
	return status;
}
