#include "warden/programs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/program/health.h"
#include "kernel/program/limits.h"
#include "kernel/program/vault/settings.h"

static const struct {
	const char *variable, *name; /* of health_limits */
} variables[] = {
	{ "AGENT_ROLLBACK_MAX_ERRORS", "max_errors" },
	{ "AGENT_ROLLBACK_MAX_VIOLATIONS", "max_violations" },
	{ "AGENT_ROLLBACK_MAX_CPU_PERCENT", "max_cpu_percent" },
	{ "AGENT_ROLLBACK_MAX_LATENCY_MS", "max_latency_ms" },
	{ "AGENT_ROLLBACK_MAX_MEMORY_KB", "max_memory_kb" },
	{ "AGENT_ROLLBACK_VERIFIER_FAILURE", "verifier_failure" },
	{ "AGENT_ROLLBACK_CHECK_INTERVAL_SEC", "check_interval_s" },
	{ "AGENT_ROLLBACK_DELAY_SEC", "delay_s" },
};

static int read_limits(char *text, size_t size, struct error *err)
{
	struct health_limits limits;
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		const char *value = getenv(variables[i].variable);

		if (!value || !*value)
			continue;
		if (strchr(value, ',') || strlen(value) > 32)
			return error_set(err, -EINVAL, "%s is no limit", variables[i].variable);
		text_format(text + len, size - len, "%s%s=%s", len ? "," : "", variables[i].name,
			    value);
		if (health_limits_parse(text + len + (len > 0), &limits, err) < 0)
			return error_wrap(err, "%s", variables[i].variable);
		len = strlen(text);
	}
	return 0;
}

bool programs_were_here(const char *state)
{
	char path[4096];
	struct stat journal;

	text_format(path, sizeof(path), "%s/programs/journal.json", state);
	return stat(path, &journal) == 0;
}

/* The first that is set; NULL for none. */
static char *variable(const char *name, const char *other)
{
	char *value = getenv(name);

	if (other && (!value || !*value))
		value = getenv(other);
	return value && *value ? value : NULL;
}

/* Both are wiped where /proc shows them: what is not taken is no less a secret. */
static const char *take_token(void)
{
	static const char *const names[] = { "AGENT_VAULT_TOKEN", "VAULT_TOKEN" };
	static char token[VAULT_TOKEN_BYTES];
	const char *found = variable(names[0], names[1]);

	if (found)
		text_copy(token, sizeof(token), found);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *value = getenv(names[i]);

		if (value)
			explicit_bzero(value, strlen(value));
	}
	return found ? token : NULL;
}

/* A file that is wrong is told of when a program comes. */
static bool names_vault(const char *path, const char *url)
{
	const struct vault_environment environment = { .url = url };
	CLEANUP(limits) struct limits limits = { 0 };
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	struct error err = { 0 };

	if (limits_load(path, &limits, &trust, &err) < 0)
		return url;
	return vault_is_named(json_object_get(limits.document, "vault"), &environment);
}

int programs_settings(const char *state, const char *limits, struct launcher_programs *programs_out,
		      struct error *err)
{
	static char folder[4096], rollback[1024];

	if (read_limits(rollback, sizeof(rollback), err) < 0)
		return err->code;
	text_format(folder, sizeof(folder), "%s/programs", state);
	*programs_out = (struct launcher_programs) {
		.folder = folder,
		.limits = limits,
		.public_key = getenv("AGENT_PUBLIC_KEY"),
		.rollback = rollback[0] ? rollback : NULL,
		.vault_url = variable("AGENT_VAULT_URL", "VAULT_ADDR"),
		.vault_ca = variable("VAULT_CACERT", NULL),
		.vault_namespace = variable("VAULT_NAMESPACE", NULL),
		.vault_path = variable("BPF_REGISTRY_SIGNER_PATH", NULL),
		.vault_token = take_token(),
	};
	programs_out->at_once = names_vault(limits, programs_out->vault_url);
	return 0;
}
