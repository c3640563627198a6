#include "cli/ask/engine.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "courier/model_forward.h"
#include "investigation/skill.h"

#define MAX_POLLERS 4
#define CONCLUDE_NS (40 * NS_PER_SEC) /* for the last round, and the report */

struct engine {
	char *name;
	struct model_endpoints endpoints;
	json_t *skills; /* own ones; NULL: they cannot be read */
	struct event_base *base;
	struct courier *courier;
	struct model_forward *forward;
	int fd; /* of the investigator */
};

static void send_frame(void *data, const json_t *header, const char *body, size_t n_body)
{
	const struct engine *engine = data;
	struct error err = { 0 };

	/* Where it is gone, whoever reads from it finds out. */
	if (frame_write(engine->fd, header, body, n_body, &err) < 0)
		log_debug("a model's answer was not told: %s", err.text);
}

static int start_courier(struct engine *engine, const struct cli *cli, struct error *err)
{
	const struct courier_config config = { .executables = cli->executables };

	(void)signal(SIGPIPE, SIG_IGN); /* as the courier wants it */
	engine->base = event_base_new();
	if (!engine->base)
		abort();
	engine->courier = courier_new(engine->base, &config, err);
	if (!engine->courier)
		return err->code;
	engine->forward =
		model_forward_new(engine->courier, &engine->endpoints, send_frame, engine);
	return 0;
}

/* Nobody is left without a model because a skill is wrong. */
static void read_skills(struct engine *engine, const struct cli *cli)
{
	const char *folder = config_get(cli->config, "own_skills_dir")->text;
	struct error err = { 0 };

	if (skills_read(folder, &engine->skills, &err) < 0)
		(void)command_failed(&err);
}

int engine_open(const struct cli *cli, const char *name, struct engine **engine_out,
		struct error *err)
{
	CLEANUP(engine) struct engine *engine = NULL;
	const char *path = config_get(cli->config, "models_file")->text;

	*engine_out = NULL;
	if (strcmp(name, "builtin") == 0)
		return 0;
	engine = calloc(1, sizeof(*engine));
	if (!engine)
		abort();
	engine->fd = -1;
	engine->name = strdup(name);
	if (model_endpoints_load(&engine->endpoints, path, err) < 0)
		return err->code;
	if (!model_endpoints_find(&engine->endpoints, name))
		return error_set(err, -EINVAL,
				 "no model named '%s' is in %s; leave --engine out for the "
				 "built-in one",
				 name, path);
	if (start_courier(engine, cli, err) < 0)
		return err->code;
	read_skills(engine, cli);
	*engine_out = TAKE(engine);
	return 0;
}

void engine_close(struct engine *engine)
{
	if (!engine)
		return;
	model_forward_free(engine->forward);
	courier_free(engine->courier);
	if (engine->base)
		event_base_free(engine->base);
	model_endpoints_finish(&engine->endpoints);
	json_decref(engine->skills);
	free(engine->name);
	free(engine);
}

void engine_cleanup(struct engine **engine)
{
	engine_close(*engine);
}

void engine_tell(const struct engine *engine, uint64_t timeout_ns, json_t *start)
{
	uint64_t time_ns = timeout_ns > 2 * CONCLUDE_NS ? timeout_ns - CONCLUDE_NS : timeout_ns / 2;

	json_put(start, "engine", json_string(engine->name));
	json_put(start, "models", json_incref(engine->endpoints.models));
	json_put(start, "budget", json_pack("{s:I}", "time_s", (json_int_t)(time_ns / NS_PER_SEC)));
	if (engine->skills)
		json_put(start, "skills", json_incref(engine->skills));
}

bool engine_hear(struct engine *engine, int fd, const struct frame *frame)
{
	if (!engine)
		return false;
	engine->fd = fd;
	return model_forward_hear(engine->forward, frame);
}

static void wake(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	(void)event_base_loopbreak(data); /* fails only without a base */
}

int engine_poll(struct engine *engine, struct pollfd *pollers, size_t n, int timeout_ms)
{
	const struct timeval timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	struct event *events[MAX_POLLERS + 1] = { 0 };
	size_t n_events = 0;

	if (!engine)
		return poll(pollers, n, timeout_ms);
	for (size_t i = 0; i < n && i < MAX_POLLERS; i++)
		if (pollers[i].fd >= 0)
			events[n_events++] = event_new(engine->base, pollers[i].fd,
						       EV_READ | EV_PERSIST, wake, engine->base);
	events[n_events++] = event_new(engine->base, -1, EV_PERSIST, wake, engine->base);
	for (size_t i = 0; i < n_events; i++)
		if (!events[i] || event_add(events[i], i + 1 == n_events ? &timeout : NULL) < 0)
			abort();
	(void)event_base_dispatch(engine->base); /* until one of them wakes us */
	for (size_t i = 0; i < n_events; i++)
		event_free(events[i]);
	return poll(pollers, n, 0);
}
