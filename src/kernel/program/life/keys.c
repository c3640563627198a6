/* Whose programs: what counts beside the keys of programs.json, and when Vault is looked at. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "identity/file.h"
#include "kernel/program/life/keys_internal.h"
#include "kernel/program/life/steward_internal.h"

#define SPARE_NS (2 * NS_PER_SEC)    /* by which a look may be late */
#define PUT_OFF_NS (10 * NS_PER_SEC) /* at most, for programs that have to be seen to */
#define AGAIN_NS (100 * NS_PER_MS)

/* --- the way to Vault ------------------------------------------------------------------------ */

/* One that does not end with its socket is ended; a launcher that is gone has seen to it. */
static void let_courier_go(struct steward *steward)
{
	static const char byte = LAUNCHER_COURIER_DONE;

	fd_close(&steward->courier);
	if (steward->fd >= 0)
		(void)send(steward->fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Others' messages come on the same socket meanwhile, and are taken as ever. */
static int open_courier(void *data, struct error *err)
{
	static const char byte = LAUNCHER_WANTS_COURIER;
	struct steward *steward = data;
	uint64_t until_ns = clock_monotonic_ns() + VAULT_CONNECT_NS, now_ns;

	if (send(steward->fd, &byte, 1, MSG_NOSIGNAL) != 1)
		return error_set(err, -EPIPE, "the launcher is gone");
	steward->is_waiting = true;
	while (steward->is_waiting && (now_ns = clock_monotonic_ns()) < until_ns)
		if (!steward_hear_within(steward, (int)((until_ns - now_ns) / NS_PER_MS) + 1))
			break;
	steward->is_waiting = false;
	if (steward->courier >= 0)
		return 0;
	let_courier_go(steward);
	return error_set(err, -EPIPE, "constable-courier could not be started");
}

static int ask(void *data, const struct vault_request *request, unsigned *status_out,
	       struct buf *body, struct error *err)
{
	const struct steward *steward = data;

	return steward->config->ask_vault(steward->courier, request, status_out, body, err);
}

static void close_courier(void *data)
{
	let_courier_go(data);
}

/* --- the token of the environment ------------------------------------------------------------- */

static int take_token(struct steward *steward, struct error *err)
{
	CLEANUP(fd) int fd = -1;
	ssize_t n;

	steward->is_waiting = true;
	while (steward->is_waiting && steward_hear_within(steward, -1))
		;
	steward->is_waiting = false;
	fd = fd_take(&steward->courier);
	n = fd < 0 ? -1 : pread(fd, steward->token, sizeof(steward->token) - 1, 0);
	if (n < 0)
		return error_set(err, -EPIPE, "the launcher said no token for Vault");
	steward->token[n] = '\0';
	return 0;
}

int keys_open(struct steward *steward, struct error *err)
{
	const struct steward_config *config = steward->config;

	if (config->awaits_token && take_token(steward, err) < 0)
		return err->code;
	steward->vault = (struct vault) {
		.folder = config->folder,
		.environment = config->vault,
		.wire = { open_courier, ask, close_courier, steward },
	};
	steward->vault.environment.token = steward->token;
	vault_init(&steward->vault);
	steward->vault.next_ns = guardian_now_ns();
	return 0;
}

void keys_close(struct steward *steward)
{
	vault_finish(&steward->vault);
	fd_close(&steward->courier);
	explicit_bzero(steward->token, sizeof(steward->token));
}

/* --- looking --------------------------------------------------------------------------------- */

static const json_t *member(const struct limits *limits)
{
	return json_object_get(limits->document, "vault");
}

bool keys_are_in_vault(const struct steward *steward, const struct limits *limits)
{
	return steward->config->ask_vault &&
	       vault_is_named(member(limits), &steward->vault.environment);
}

void keys_recall(struct steward *steward, const struct limits *limits)
{
	if (!steward->vault.looked_ns)
		vault_recall(&steward->vault, member(limits));
}

/* When its trial is to be judged or ended, or by when it has to be told that we are there; 0 for
 * none of it. */
static uint64_t needs_us_at(const json_t *program)
{
	uint64_t observe_ns = (uint64_t)json_get_int(program, "observe_ns", 0);
	uint64_t confirm_ns = (uint64_t)json_get_int(program, "confirm_ns", 0);

	if (journal_state(program) == PROGRAM_CANARY)
		return confirm_ns ? confirm_ns : observe_ns;
	return json_get_bool(program, "keeps", false)
		       ? 0
		       : (uint64_t)json_get_int(program, "leased_ns", 0);
}

/* The first of the times that a look which begins now would miss, or UINT64_MAX. */
static uint64_t find_soonest(const struct steward *steward, uint64_t now_ns)
{
	uint64_t soonest_ns = UINT64_MAX, at_ns;
	const json_t *program;
	size_t i;

	json_array_foreach(journal_programs(&steward->journal), i, program)
	{
		at_ns = needs_us_at(program);
		if (at_ns && program_state_is_attached(journal_state(program)) &&
		    at_ns < now_ns + VAULT_LOOK_NS + SPARE_NS && at_ns < soonest_ns)
			soonest_ns = at_ns;
	}
	return soonest_ns;
}

/* A look holds up all else, and a program that is not seen to in its time is ended for it. Until
 * when there is none to be, but not for ever. */
static uint64_t put_off(const struct steward *steward, uint64_t now_ns)
{
	uint64_t until_ns = steward->vault.next_ns + PUT_OFF_NS;
	uint64_t soonest_ns = find_soonest(steward, now_ns);

	if (soonest_ns == UINT64_MAX || now_ns >= until_ns)
		return now_ns;
	if (soonest_ns <= now_ns)
		soonest_ns = now_ns + AGAIN_NS;
	return soonest_ns < until_ns ? soonest_ns : until_ns;
}

/* Who asks waits for as long, others with him, and the programs are seen to meanwhile: what one
 * asks must not keep attached what is to come off. */
static void see_to_programs(struct steward *steward)
{
	uint64_t now_ns = guardian_now_ns(), until_ns = now_ns + PUT_OFF_NS;
	uint64_t at_ns = find_soonest(steward, now_ns);

	while (at_ns != UINT64_MAX && now_ns < until_ns && steward->fd >= 0) {
		uint64_t wait_ns = at_ns > now_ns ? at_ns - now_ns : AGAIN_NS;

		if (wait_ns > AGAIN_NS)
			wait_ns = AGAIN_NS;
		(void)steward_hear_within(steward, (int)(wait_ns / NS_PER_MS) + 1);
		(void)steward_tend_programs(steward);
		now_ns = guardian_now_ns();
		at_ns = find_soonest(steward, now_ns);
	}
}

void keys_look(struct steward *steward, const struct limits *limits)
{
	if (vault_looked_lately(&steward->vault, member(limits)))
		return;
	see_to_programs(steward);
	vault_look(&steward->vault, member(limits));
}

/* By itself: at the start, and then as the last look has planned. */
uint64_t keys_tend(struct steward *steward)
{
	CLEANUP(limits) struct limits limits = { 0 };
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	struct error err = { 0 };

	uint64_t now_ns = guardian_now_ns(), begin_ns;

	if (!steward->config->ask_vault)
		return UINT64_MAX;
	if (now_ns < steward->vault.next_ns)
		return steward->vault.next_ns;
	begin_ns = put_off(steward, now_ns);
	if (begin_ns > now_ns)
		return begin_ns;
	if (limits_load(steward->config->limits, &limits, &trust, &err) < 0) {
		log_warn("%s", err.text);
		steward->vault.next_ns = guardian_now_ns() + VAULT_REFRESH_S * NS_PER_SEC;
		return steward->vault.next_ns;
	}
	vault_look(&steward->vault, member(&limits));
	return steward->vault.next_ns;
}

/* --- what counts ------------------------------------------------------------------------------ */

int keys_add(const struct steward *steward, enum keys_scope scope, struct trust *trust,
	     struct error *absent_out, struct error *err)
{
	const char *key = steward->config->public_key;

	if (key && *key && trust_add(trust, key, strlen(key), err) < 0)
		return err->code;
	if (scope == KEYS_OF_HOST || vault_add_keys(&steward->vault, trust, absent_out) == 0)
		return 0;
	if (absent_out->code == -ENOKEY)
		return 0;
	*err = *absent_out;
	return err->code;
}

static void list_from(json_t *list, const struct trust *trust, size_t first, const char *from)
{
	for (size_t i = first; i < trust->n_keys; i++) {
		json_t *row = json_pack("{s:s, s:s}", "id", trust->keys[i].id, "from", from);

		if (trust_has_revoked_key(trust, trust->keys[i].id))
			json_put(row, "revoked", json_true());
		json_push(list, row);
	}
}

json_t *keys_list(const struct steward *steward)
{
	CLEANUP(limits) struct limits limits = { 0 };
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	struct error err = { 0 };
	json_t *list = json_array();
	size_t n;

	if (limits_load(steward->config->limits, &limits, &trust, &err) < 0)
		return list;
	list_from(list, &trust, 0, "programs.json");
	n = trust.n_keys;
	if (keys_add(steward, KEYS_OF_HOST, &trust, &err, &err) == 0)
		list_from(list, &trust, n, "AGENT_PUBLIC_KEY");
	return list;
}
