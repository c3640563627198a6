#include "client/errand.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

#define PATH_BYTES 256
#define WAIT_MS 20000
#define TURN_MS 2000 /* where others wait for their turn */
#define DEFAULT_NS (120 * NS_PER_SEC)
#define APPROVAL_NS (3600 * NS_PER_SEC) /* as the server has it */

static void ask(struct errand *errand);

static uint64_t run_time(const struct errand *errand)
{
	return errand->timeout_ns ? errand->timeout_ns : DEFAULT_NS;
}

static const struct {
	const char *state;
	int code;
	const char *sentence;
} outcomes[] = {
	{ "failed", -EREMOTEIO, "the tool failed" },
	{ "denied", -EACCES, "the host's policy denies it" },
	{ "cancelled", -ECANCELED, "the call was cancelled" },
	{ "interrupted", -EINTR, "the call was interrupted on the host" },
	{ "expired", -ETIMEDOUT, "the agent did not come to run it in time" },
};

static bool is_waiting(const json_t *call)
{
	return strcmp(json_get_text(call, "state", ""), "waiting_approval") == 0;
}

static bool is_over(const json_t *call)
{
	const char *state = json_get_text(call, "state", "");

	return *state && strcmp(state, "queued") != 0 && !is_waiting(call);
}

/* Somebody has to say yes first, and may take his time. */
static void tell_waiting(struct errand *errand, const json_t *call)
{
	const json_t *approval = json_object_get(json_object_get(call, "meta"), "approval");
	const char *nonce = json_get_text(approval, "nonce", "?");
	uint64_t approval_ns = errand->approval_ns ? errand->approval_ns : APPROVAL_NS;

	if (strcmp(nonce, errand->nonce) == 0)
		return;
	text_format(errand->nonce, sizeof(errand->nonce), "%s", nonce);
	errand->until_ns = clock_monotonic_ns() + approval_ns + run_time(errand) + ERRAND_GRACE_NS;
	if (errand->waits)
		errand->waits(errand, call);
}

static void finish(struct errand *errand, const json_t *call)
{
	const char *state = json_get_text(call, "state", "");
	int64_t code = json_get_int(call, "error_code", 0);
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
		if (strcmp(outcomes[i].state, state) == 0)
			error_set(&err, outcomes[i].code, "%s",
				  json_get_text(call, "error", outcomes[i].sentence));
	/* What failed has a code of its own. */
	if (strcmp(state, "failed") == 0 && code < 0 && code > -4096)
		err.code = (int)code;
	if (!err.code && strcmp(state, "done") != 0)
		error_set(&err, -EBADMSG, "the server knows a state '%s' that we do not", state);
	errand->done(errand, call, err.code ? &err : NULL);
}

static void give_up(struct errand *errand, const struct error *why)
{
	errand->done(errand, NULL, why);
}

static void handle_record(const struct fetch_request *request UNUSED, unsigned status, json_t *body,
			  const struct error *err, void *data)
{
	struct errand *errand = data;
	bool is_late = clock_monotonic_ns() > errand->until_ns;
	bool is_final = status >= 400 && status < 500 && status != 408 && status != 429;
	struct error late = { 0 };

	if (!err && is_waiting(body)) {
		tell_waiting(errand, body);
		is_late = clock_monotonic_ns() > errand->until_ns;
	}
	if (!err && is_over(body)) {
		finish(errand, body);
	} else if (err && (is_final || is_late)) {
		give_up(errand, err);
	} else if (is_late) {
		error_set(&late, -ETIMEDOUT,
			  "the call %s has no outcome yet; 'constable agent show' says whether its "
			  "agent is connected",
			  errand->id);
		give_up(errand, &late);
	} else if (errand->later) {
		errand->later(errand, ERRAND_WAITS);
	} else {
		ask(errand);
	}
}

static void start(struct errand *errand, const struct fetch_request *request)
{
	struct error err = { 0 };

	if (fetcher_start(errand->fetcher, request, &err) < 0)
		give_up(errand, &err);
}

static void ask(struct errand *errand)
{
	char path[PATH_BYTES];
	struct fetch_request request = {
		.method = "GET",
		.path = path,
		.deadline_ns = (WAIT_MS + 10000) * NS_PER_MS,
		.done = handle_record,
		.data = errand,
	};

	text_format(path, sizeof(path), "/api/v1/calls/%s?wait_ms=%d&until=%s", errand->id,
		    errand->later ? TURN_MS : WAIT_MS, *errand->nonce ? "outcome" : "approval");
	start(errand, &request);
}

static void handle_submitted(const struct fetch_request *request UNUSED, unsigned status,
			     json_t *body, const struct error *err, void *data)
{
	struct errand *errand = data;
	const json_t *call = json_array_get(json_object_get(body, "calls"), 0);
	struct error none = { 0 };

	if (status == 429 && errand->later && clock_monotonic_ns() < errand->until_ns) {
		errand->later(errand, ERRAND_REFUSED);
		return;
	}
	if (err) {
		give_up(errand, err);
		return;
	}
	text_format(errand->id, sizeof(errand->id), "%s", json_get_text(call, "id", ""));
	if (!*errand->id) {
		error_set(&none, -EBADMSG, "the server took the call but named none");
		give_up(errand, &none);
		return;
	}
	if (errand->is_cancelled)
		errand_cancel(errand);
	ask(errand);
}

static int submit(struct errand *errand, struct error *err)
{
	CLEANUP(json)
	json_t *body = json_pack("{s:s, s:s, s:O, s:I}", "agent", errand->agent, "tool",
				 errand->tool, "arguments", errand->args, "timeout_ms",
				 (json_int_t)(run_time(errand) / NS_PER_MS));
	struct fetch_request request = {
		.method = "POST",
		.path = "/api/v1/calls",
		.body = body,
		.done = handle_submitted,
		.data = errand,
	};

	if (errand->approval_ns)
		json_put(body, "approval_ms",
			 json_integer((json_int_t)(errand->approval_ns / NS_PER_MS)));
	return fetcher_start(errand->fetcher, &request, err);
}

int errand_start(struct errand *errand, struct error *err)
{
	errand->until_ns = clock_monotonic_ns() + run_time(errand) + ERRAND_GRACE_NS;
	*errand->id = *errand->nonce = '\0';
	errand->is_cancelled = false;
	return submit(errand, err);
}

void errand_await(struct errand *errand, const char *id)
{
	errand->until_ns = clock_monotonic_ns() + run_time(errand) + ERRAND_GRACE_NS;
	errand->is_cancelled = false;
	*errand->nonce = '\0';
	text_format(errand->id, sizeof(errand->id), "%s", id);
	ask(errand);
}

void errand_resume(struct errand *errand)
{
	struct error err = { 0 };

	if (*errand->id)
		ask(errand);
	else if (submit(errand, &err) < 0)
		give_up(errand, &err);
}

static void handle_cancelled(const struct fetch_request *request UNUSED, unsigned status UNUSED,
			     json_t *body UNUSED, const struct error *err UNUSED, void *data UNUSED)
{
	/* The outcome comes to the errand itself. */
}

void errand_cancel(struct errand *errand)
{
	char path[PATH_BYTES];
	CLEANUP(json) json_t *body = json_object();
	struct fetch_request request = {
		.method = "POST",
		.path = path,
		.body = body,
		.done = handle_cancelled,
	};
	struct error err = { 0 };

	errand->is_cancelled = true;
	if (!*errand->id)
		return;
	text_format(path, sizeof(path), "/api/v1/calls/%s/cancel", errand->id);
	/* Where not even this can be sent, the call's own deadline ends it. */
	if (fetcher_start(errand->fetcher, &request, &err) < 0)
		errand->is_cancelled = false;
}
