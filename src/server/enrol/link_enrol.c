#include "server/enrol/link_enrol.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/enrol/newcomer.h"

/* A host without a certificate that came before is found again by how it came. */
static const char known_sql[] =
	"SELECT a.id FROM agents a WHERE a.org = $1 AND a.hostname = $2 AND a.enrolled_by = $3 "
	"AND a.revoked IS NULL AND NOT EXISTS "
	"(SELECT 1 FROM certificates c WHERE c.org = a.org AND c.agent = a.id) ORDER BY a.id LIMIT "
	"1";

/* One question on its way through the store. */
struct asking {
	struct api *api;
	struct hub_question *question;
	struct org *org;
	struct issue issue;
	struct voucher_query query;
	struct voucher voucher;
	struct newcomer newcomer;
	struct audit_record record;
	char key[256], customer[64], actor[CERTIFICATE_ID_BYTES + 8];
};

static void asking_free(struct asking *asking)
{
	issue_finish(&asking->issue);
	voucher_finish(&asking->voucher);
	newcomer_finish(&asking->newcomer);
	free(asking);
}

static struct asking *asking_new(struct api *api, struct hub_question *question)
{
	struct asking *asking = calloc(1, sizeof(*asking));

	if (!asking)
		abort();
	asking->api = api;
	asking->question = question;
	return asking;
}

static void refuse(struct asking *asking, int code, const char *sentence)
{
	hub_refuse(asking->question, code, sentence);
	asking_free(asking);
}

static void submit(struct asking *asking, const struct store_step *steps, unsigned n,
		   store_done *done)
{
	const struct store_batch batch = { .org = STORE_EVERY_ORG, .steps = steps, .n_steps = n };

	(void)store_submit(asking->api->store, &batch, done, asking);
}

static void handle_renewed(const struct store_result *result UNUSED, const struct error *err,
			   void *data)
{
	struct asking *asking = data;

	if (err) {
		refuse(asking, err->code == -ENOENT ? -EACCES : err->code,
		       err->code == -ENOENT ? "the agent is revoked, or the key is another agent's"
					    : err->text);
		return;
	}
	audit_seal(asking->api->store, asking->org);
	hub_answer(asking->question,
		   issue_answer(asking->api, asking->question->agent, &asking->issue));
	asking_free(asking);
}

/* -EINVAL instead of -EACCES for what the request lacks: that must not end the link. */
static int code_of(const struct error *err)
{
	return err->code == -EACCES ? -EINVAL : err->code;
}

void link_enrol_renew(struct hub_question *question, void *data)
{
	struct asking *asking = asking_new(data, question);
	CLEANUP(issue_request) struct issue_request request = { 0 };
	struct store_step steps[ISSUE_STEPS + 1];
	struct error err = { 0 };

	asking->org = orgs_find(asking->api->orgs, question->org);
	if (!asking->org || issue_request_read(question->params, &request, &err) < 0 ||
	    issue_make(asking->org, question->agent, request.key, &asking->issue, &err) < 0) {
		refuse(asking, asking->org ? code_of(&err) : -EACCES,
		       asking->org ? err.text : "this org is unknown");
		return;
	}
	text_format(asking->actor, sizeof(asking->actor), "agent/%s", question->agent);
	issue_steps(&asking->issue, question->org, question->agent, steps);
	steps[ISSUE_STEPS] =
		audit_step(&asking->record, &(struct audit_entry) { .org = question->org,
								    .actor = asking->actor,
								    .action = "certificate.renew",
								    .target = question->agent });
	submit(asking, steps, ARRAY_LEN(steps), handle_renewed);
}

static void admit(struct asking *asking, const char *agent)
{
	hub_admit(asking->question, asking->org->id, agent);
	asking_free(asking);
}

static void handle_joined(const struct store_result *result UNUSED, const struct error *err,
			  void *data)
{
	struct asking *asking = data;

	if (err) {
		refuse(asking, -EACCES, "the host could not be let in");
		return;
	}
	audit_seal(asking->api->store, asking->org);
	admit(asking, asking->newcomer.agent);
}

static void join(struct asking *asking)
{
	struct store_step steps[NEWCOMER_STEPS + 1];

	newcomer_steps(&asking->newcomer, &asking->voucher, steps);
	steps[NEWCOMER_STEPS] = audit_step(
		&asking->record, &(struct audit_entry) { .org = asking->org->id,
							 .actor = asking->actor,
							 .action = "agent.enrol",
							 .target = asking->newcomer.agent });
	submit(asking, steps, ARRAY_LEN(steps), handle_joined);
}

static void handle_known(const struct store_result *result, const struct error *err, void *data)
{
	struct asking *asking = data;

	if (err)
		refuse(asking, err->code, err->text);
	else if (result->steps[0].n_rows)
		admit(asking, store_text_at(&result->steps[0], 0, 0));
	else
		join(asking);
}

static void handle_voucher(const struct store_result *result, const struct error *err, void *data)
{
	struct asking *asking = data;
	const struct voucher_rule rule = {
		.api = asking->api,
		.address = asking->question->address,
		.key = asking->key,
		.customer = asking->customer,
	};
	struct error why = { 0 };

	if (err) {
		refuse(asking, err->code, err->text);
		return;
	}
	if (voucher_read(&rule, &result->steps[0], &asking->voucher, &why) < 0) {
		refuse(asking, -EACCES, why.text);
		return;
	}
	asking->org = asking->voucher.org;
	text_format(asking->actor, sizeof(asking->actor), "key/%s", asking->voucher.id);
	const struct store_value params[] = {
		store_text(asking->org->id),
		store_text(asking->newcomer.hostname),
		store_text(asking->actor),
	};
	submit(asking, &(struct store_step) { known_sql, params, 3, STORE_ANY }, 1, handle_known);
}

void link_enrol_login(struct hub_question *question, void *data)
{
	struct asking *asking = asking_new(data, question);
	struct error err = { 0 };

	text_format(asking->key, sizeof(asking->key), "%s",
		    json_get_text(question->params, "api_key", ""));
	text_format(asking->customer, sizeof(asking->customer), "%s",
		    json_get_text(question->params, "customer_id", ""));
	if (newcomer_read(question->params, question->address, &asking->newcomer, &err) < 0) {
		refuse(asking, -EACCES, err.text);
		return;
	}
	voucher_ask_key(&asking->query, asking->key);
	submit(asking, &asking->query.step, 1, handle_voucher);
}
