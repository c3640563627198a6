/* Whose programs: what counts beside the keys of programs.json, and when Vault is looked at. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "identity/file.h"
#include "kernel/program/life/keys_internal.h"
#include "kernel/program/life/steward_internal.h"

#define COURIER_TRIES 64 /* messages of the launcher's that may come before its answer */

/* --- the way to Vault ------------------------------------------------------------------------ */

/* Others' messages come on the same socket meanwhile, and are taken as ever. */
static int open_courier(void *data, struct error *err)
{
	static const char byte = LAUNCHER_WANTS_COURIER;
	struct steward *steward = data;

	if (send(steward->fd, &byte, 1, MSG_NOSIGNAL) != 1)
		return error_set(err, -EPIPE, "the launcher is gone");
	steward->is_waiting = true;
	for (int i = 0; i < COURIER_TRIES && steward->is_waiting; i++)
		if (!steward_hear_within(steward, (int)(VAULT_CONNECT_NS / NS_PER_MS)))
			break;
	steward->is_waiting = false;
	return steward->courier >= 0
		       ? 0
		       : error_set(err, -EPIPE, "constable-courier could not be started");
}

static int ask(void *data, const struct vault_request *request, unsigned *status_out,
	       struct buf *body, struct error *err)
{
	const struct steward *steward = data;

	return steward->config->ask_vault(steward->courier, request, status_out, body, err);
}

static void close_courier(void *data)
{
	struct steward *steward = data;

	fd_close(&steward->courier);
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

void keys_look(struct steward *steward, const struct limits *limits)
{
	if (!vault_looked_lately(&steward->vault, member(limits)))
		vault_look(&steward->vault, member(limits));
}

/* By itself: at the start, and then as the last look has planned. */
uint64_t keys_tend(struct steward *steward)
{
	CLEANUP(limits) struct limits limits = { 0 };
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	struct error err = { 0 };

	if (!steward->config->ask_vault || guardian_now_ns() < steward->vault.next_ns)
		return steward->vault.next_ns;
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
