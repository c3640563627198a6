#include <errno.h>
#include <string.h>

#include "server/enrol/actions.h"
#include "server/enrol/device.h"
#include "server/enrol/device_client.h"
#include "server/enrol/newcomer.h"

static void handle_started(struct exchange *exchange, const struct store_result *result UNUSED)
{
	struct device_codes *codes = exchange->data;
	const char *uri = exchange_text(exchange, "%s/agent/authorize?user_code=%s",
					exchange->api->config->public_url, codes->user);
	json_t *answer = json_pack("{s:s, s:s, s:s, s:i, s:i}", "device_code", codes->device.text,
				   "user_code", codes->user, "verification_uri", uri, "expires_in",
				   DEVICE_LIFE_S, "interval", DEVICE_INTERVAL_S);

	exchange_answer(exchange, answer);
}

static void finish_codes(struct exchange *exchange)
{
	device_codes_finish(exchange->data);
}

void action_start(struct exchange *exchange)
{
	struct device_codes *codes = exchange_alloc(exchange, sizeof(*codes));
	CLEANUP(json) json_t *client = device_client_read(exchange->body);
	struct store_step step;

	json_put(client, "scope", json_string("agent"));
	device_codes_make(codes, exchange->http->peer->address, client, &step);
	exchange->data = codes;
	exchange->finish = finish_codes;
	exchange_submit_all(exchange, &step, 1, handle_started);
}

static void handle_authorized(struct exchange *exchange, const struct store_result *result UNUSED)
{
	exchange_answer(exchange, json_pack("{s:b, s:s}", "success", 1, "message",
					    "the device is authorized"));
}

static void handle_wrong_code(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 400, "invalid_code", "invalid or expired user code");
	else
		exchange_fail(exchange, err);
}

void action_authorize(struct exchange *exchange)
{
	exchange->failed = handle_wrong_code;
	device_decide(exchange, exchange_member(exchange, "user_code", ""), DEVICE_ALLOW,
		      handle_authorized);
}

/* A host that becomes an agent with tokens in place of a certificate. */
struct joining {
	struct device_grant grant;
	struct voucher_query query;
	struct voucher voucher;
	struct newcomer newcomer;
	struct action_tokens tokens;
};

static void finish(struct exchange *exchange)
{
	struct joining *joining = container_of(exchange->data, struct joining, grant);

	voucher_finish(&joining->voucher);
	newcomer_finish(&joining->newcomer);
}

static void refuse(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 401, "invalid_token", "%s", err->text);
	else if (err->code == -EDQUOT)
		exchange_refuse(exchange, 429, "quota_exceeded", "%s", err->text);
	else
		exchange_fail(exchange, err);
}

static void handle_joined(struct exchange *exchange, const struct store_result *result UNUSED)
{
	struct joining *joining = container_of(exchange->data, struct joining, grant);

	exchange_answer(exchange, action_tokens_answer(&joining->tokens, joining->newcomer.agent));
}

static void handle_voucher(struct exchange *exchange, const struct store_result *result)
{
	struct joining *joining = container_of(exchange->data, struct joining, grant);
	const struct voucher_rule rule = { .api = exchange->api,
					   .address = exchange->http->peer->address };
	struct store_step steps[NEWCOMER_STEPS + ACTION_TOKEN_STEPS + 2];
	struct error err = { 0 };

	if (voucher_read(&rule, result->steps, &joining->voucher, &err) < 0) {
		refuse(exchange, &err);
		return;
	}
	newcomer_steps(&joining->newcomer, &joining->voucher, steps);
	action_tokens_make(&joining->tokens, joining->voucher.org->id, joining->newcomer.agent,
			   steps + NEWCOMER_STEPS);
	exchange->caller.org = joining->voucher.org;
	text_format(exchange->caller.id, sizeof(exchange->caller.id), "%s", joining->voucher.id);
	steps[NEWCOMER_STEPS + ACTION_TOKEN_STEPS] =
		exchange_audit(exchange, "agent.enrol", joining->newcomer.agent,
			       json_pack("{s:s, s:s}", "hostname", joining->newcomer.hostname,
					 "address", joining->newcomer.address));
	device_note_agent(exchange, &joining->grant, joining->newcomer.agent,
			  steps + NEWCOMER_STEPS + ACTION_TOKEN_STEPS + 1);
	exchange_submit_all(exchange, steps, ARRAY_LEN(steps), handle_joined);
}

static void ask_voucher(struct exchange *exchange, const char *token)
{
	struct joining *joining = container_of(exchange->data, struct joining, grant);

	voucher_ask_token(&joining->query, token);
	exchange->failed = refuse;
	exchange_submit_all(exchange, &joining->query.step, 1, handle_voucher);
}

static void handle_grant(struct exchange *exchange, struct device_grant *grant)
{
	if (strcmp(grant->scope, "agent") == 0) {
		ask_voucher(exchange, grant->made.token.text);
		return;
	}
	exchange_refuse(exchange, 400, "invalid_device_code", "invalid device code");
}

/* The documented words; "not authorized yet" is what its clients poll for. */
static void handle_refused(struct exchange *exchange, struct device_grant *grant)
{
	static const struct {
		const char *word, *sentence;
	} words[] = {
		{ "authorization_pending", "device not authorized yet" },
		{ "slow_down", "device not authorized yet" },
		{ "expired_token", "device code expired" },
		{ "access_denied", "device not authorized: it was denied" },
	};
	const char *sentence = "invalid device code";

	if (grant->is_used) {
		exchange_answer_other(exchange, 400,
				      json_pack("{s:s, s:s, s:s}", "error",
						"device code already used", "code", grant->word,
						"agent_id", grant->agent));
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(grant->word, words[i].word) == 0)
			sentence = words[i].sentence;
	exchange_refuse(exchange, 400, grant->word, "%s", sentence);
}

/* What it says of its system is worth finding hosts by. */
static void add_system_labels(json_t *body)
{
	static const char *const names[] = { "os_type",         "os_info", "os_version",
					     "platform_family", "arch",    "kernel_version" };
	json_t *labels = json_object();

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = json_get_text(body, names[i], NULL);

		if (value && *value && strlen(value) <= 256)
			json_put(labels, names[i], json_string(value));
	}
	json_put(body, "labels", labels);
}

static struct joining *join(struct exchange *exchange)
{
	struct joining *joining = exchange_alloc(exchange, sizeof(*joining));
	struct error err = { 0 };

	exchange->data = &joining->grant;
	exchange->finish = finish;
	joining->grant.then = handle_grant;
	joining->grant.refused = handle_refused;
	add_system_labels(exchange->body);
	if (newcomer_read(exchange->body, exchange->http->peer->address, &joining->newcomer,
			  &err) == 0)
		return joining;
	exchange_refuse(exchange, 400, NULL, "%s", err.text);
	return NULL;
}

void action_register(struct exchange *exchange)
{
	const char *code = exchange_member(exchange, "device_code", NULL);
	struct joining *joining;

	if (!code) {
		exchange_refuse(exchange, 400, NULL, "device_code required");
		return;
	}
	joining = join(exchange);
	if (joining)
		device_redeem(exchange, code, &joining->grant);
}

void action_register_with_token(struct exchange *exchange)
{
	const char *token = exchange_credential(exchange);

	if (!token || !token_is(TOKEN_STATIC, token, strlen(token)))
		exchange_refuse(exchange, 401, "invalid_token",
				"give a static token (nsk_...) as Bearer");
	else if (join(exchange))
		ask_voucher(exchange, token);
}
