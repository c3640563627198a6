/* A person's answer to one question: in the store first, then to the investigator that waits. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "identity/file.h"
#include "server/inquiry/inquiries_internal.h"
#include "server/mcp/mcp_server.h"
#include "server/org/vault.h"

#define SEAL_USE "elicitation"

static const char answer_sql[] =
	"UPDATE appeals SET state = $6, closed = $3, closed_by = $4, answer = $5 WHERE "
	"org = $1 AND id = $2 AND state = 'open' AND kind = $7 AND expires > $3 "
	"RETURNING investigation";

/* What an answer makes of it, and of which kind it has to be. */
static const struct {
	const char *state, *kind;
} says[] = {
	[APPEAL_ANSWER] = { "answered", "question" }, [APPEAL_APPROVE] = { "approved", "tool" },
	[APPEAL_REFUSE] = { "refused", "tool" },      [APPEAL_FILL] = { "answered", "form" },
	[APPEAL_DECLINE] = { "refused", "form" },
};

static bool is_of_form(enum appeal_say say)
{
	return say == APPEAL_FILL || say == APPEAL_DECLINE;
}

static const char thread_sql[] = "SELECT i.thread FROM investigations i JOIN appeals a ON "
				 "a.org = i.org AND a.investigation = i.id WHERE i.org = $1 AND "
				 "a.id = $2";

struct giving {
	struct giving *next, **link;
	struct inquiries *inquiries; /* NULL: gone */
	char org[HUB_ID_BYTES], id[APPEAL_ID_BYTES];
	char *text;
	bool is_secret;
	store_done *done;
	void *data;
};

void givings_drop(struct inquiries *inquiries)
{
	for (struct giving *giving = inquiries->givings; giving; giving = giving->next)
		giving->inquiries = NULL;
	inquiries->givings = NULL;
}

static void ignore(const struct inquiry_place *place UNUSED, const struct error *err UNUSED,
		   void *data UNUSED)
{
}

static const struct vault *vault_of(const struct inquiries *inquiries)
{
	return mcp_servers_config(inquiries->config.mcp_servers)->vault;
}

/* What its run will be told, at this server or at another. */
static json_t *words_of(const struct giving *giving)
{
	CLEANUP(text) char *sealed = NULL;

	if (!giving->is_secret)
		return json_pack("{s:s, s:s}", "appeal", giving->id, "text", giving->text);
	sealed = vault_seal(vault_of(giving->inquiries), giving->org, SEAL_USE, giving->text,
			    strlen(giving->text));
	return json_pack("{s:s, s:s}", "appeal", giving->id, "sealed", sealed);
}

void run_give_order(struct run *run, const json_t *words)
{
	const char *sealed = json_get_text(words, "sealed", NULL);
	CLEANUP(secret_buf) struct buf text = { 0 };
	struct error err = { 0 };

	buf_init(&text, VAULT_MAX_BYTES);
	if (!sealed)
		run_give(run, json_get_text(words, "appeal", ""), json_get_text(words, "text", ""));
	else if (vault_unseal(vault_of(run->inquiries), run->org, SEAL_USE, sealed, &text, &err) ==
		 0)
		run_give(run, json_get_text(words, "appeal", ""), buf_text(&text));
	else
		log_warn("what a person said to an MCP server is lost: %s", err.text);
}

/* Where it runs elsewhere, that server hears of it; where it is not loaded yet, it will read it. */
static void pass_on(const struct giving *giving, const char *investigation, const char *thread)
{
	struct inquiries *inquiries = giving->inquiries;
	struct run *run = run_find_id(inquiries, giving->org, investigation);
	CLEANUP(json) json_t *words = NULL;

	if (run) {
		run_give(run, giving->id, giving->text);
		return;
	}
	words = words_of(giving);
	order_send(inquiries, ORDER_GIVE,
		   &(struct inquiry_word) {
			   .org = giving->org,
			   .thread = thread,
			   .answers = words,
			   .done = ignore,
		   });
}

static void handle_answered(const struct store_result *result, const struct error *err, void *data)
{
	struct giving *giving = data;
	struct inquiries *inquiries = giving->inquiries;
	const unsigned first = 1; /* after the caller's own step */

	if (!err && inquiries)
		pass_on(giving, store_text_at(&result->steps[first], 0, 0),
			store_text_at(&result->steps[first + 1], 0, 0));
	giving->done(result, err, giving->data);
	if (!err && inquiries && inquiries->config.appealed)
		inquiries->config.appealed(inquiries->config.data);
	if (inquiries) {
		*giving->link = giving->next;
		if (giving->next)
			giving->next->link = giving->link;
	}
	free(giving->text);
	free(giving);
}

void appeal_give(struct inquiries *inquiries, const struct appeal_answer *answer)
{
	struct giving *giving = calloc(1, sizeof(*giving));
	const char *kept = answer->say == APPEAL_ANSWER ? answer->text : says[answer->say].state;
	bool is_secret = is_of_form(answer->say);
	const struct store_value org = store_text(answer->org), id = store_text(answer->id);
	const struct store_value values[] = { org,
					      id,
					      store_int((int64_t)clock_wall_ns()),
					      store_text(answer->by),
					      store_text(kept),
					      store_text(says[answer->say].state),
					      store_text(says[answer->say].kind) };
	const struct store_value own[] = { org, id };
	const struct store_step steps[] = {
		*answer->record,
		{ answer_sql, values, ARRAY_LEN(values), STORE_SOME },
		{ thread_sql, own, ARRAY_LEN(own), STORE_SOME },
	};

	if (!giving)
		abort();
	*giving = (struct giving) {
		.next = inquiries->givings,
		.link = &inquiries->givings,
		.inquiries = inquiries,
		.text = strdup(is_secret ? answer->text : kept),
		.is_secret = is_secret,
		.done = answer->done,
		.data = answer->data,
	};
	if (!giving->text)
		abort();
	if (giving->next)
		giving->next->link = &giving->next;
	inquiries->givings = giving;
	text_format(giving->org, sizeof(giving->org), "%s", answer->org);
	text_format(giving->id, sizeof(giving->id), "%s", answer->id);
	(void)store_submit(
		inquiries->config.store,
		&(struct store_batch) { .org = answer->org, .steps = steps, .n_steps = 3 },
		handle_answered, giving);
}
