/* The door for clicks: who sends them and who clicked is proven, then the appeal is looked up. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/alert/sender.h"
#include "server/alert/settings.h"
#include "server/chat/chat.h"
#include "server/chat/people.h"
#include "server/chat/routes.h"
#include "server/hub/queue.h"
#include "server/inquiry/appeal.h"

#define SEEN_BYTES 128

static const char seen_sql[] =
	"INSERT INTO alert_deliveries (org, integration, id, time) VALUES ($1, $2, $3, $4) "
	"ON CONFLICT (org, integration, id) DO NOTHING";
static const char appeal_sql[] = "SELECT kind, state, expires, closed_by, call, data FROM appeals "
				 "WHERE org = $1 AND id = $2";

enum appeal_column {
	AT_KIND,
	AT_STATE,
	AT_EXPIRES,
	AT_BY,
	AT_CALL,
	AT_DATA,
};

struct visit {
	struct sender sender;
	struct click click;
	struct chat_person person;
	char seen[SEEN_BYTES], call[SEEN_BYTES];
	struct store_value touch[SENDER_TOUCH_PARAMS];
	struct store_step audit;
};

static void finish_visit(struct exchange *exchange)
{
	struct visit *visit = exchange->data;

	sender_finish(&visit->sender);
}

/* Slack is told that it came; who clicked, how it went. */
static void tell(struct exchange *exchange, const char *text)
{
	const struct visit *visit = exchange->data;

	chat_say(exchange->api->chat,
		 json_get_text(visit->sender.settings, "answers_url", SLACK_ANSWERS_URL),
		 visit->click.url, text);
	exchange_answer(exchange, json_pack("{s:b}", "ok", 1));
}

static void handle_given(const struct store_result *result UNUSED, const struct error *err,
			 void *data)
{
	struct exchange *exchange = data;

	if (!err)
		exchange_recorded(exchange);
	if (!err)
		tell(exchange, "Your answer was given.");
	else if (err->code == -ENOENT)
		tell(exchange, "It is too late: nobody waits for an answer to this any more.");
	else
		exchange_fail(exchange, err);
}

/* What the button stands for is what was asked, not what the click says. */
static const char *answer_of(const struct visit *visit, const json_t *asked)
{
	const json_t *choices = json_object_get(asked, "choices");

	return visit->click.kind == CLICK_TEXT
		       ? visit->click.text
		       : json_string_value(json_array_get(choices, visit->click.choice));
}

static void answer(struct exchange *exchange, const struct store_rows *rows)
{
	struct visit *visit = exchange->data;
	CLEANUP(json) json_t *asked = json_loads(store_text_at(rows, 0, AT_DATA), 0, NULL);
	const char *text = answer_of(visit, asked);

	if (!text) {
		tell(exchange, "This is no choice of that question.");
		return;
	}
	visit->audit = exchange_audit(exchange, "appeal.answer", visit->click.appeal,
				      json_pack("{s:s, s:s}", "by", visit->person.name,
						"integration", exchange->params[0]));
	appeal_give(exchange->api->inquiries, &(struct appeal_answer) {
						      .org = exchange->caller.org->id,
						      .id = visit->click.appeal,
						      .text = text,
						      .by = visit->person.name,
						      .record = &visit->audit,
						      .done = handle_given,
						      .data = exchange,
					      });
}

static void handle_denied(const struct store_result *result UNUSED, const struct error *err,
			  void *data)
{
	struct exchange *exchange = data;

	if (!err)
		tell(exchange, "You refused it: it will not run.");
	else if (err->code == -ENOENT)
		tell(exchange, "It is too late: this waits for no approval any more.");
	else
		exchange_fail(exchange, err);
}

static void deny(struct exchange *exchange)
{
	const struct visit *visit = exchange->data;
	const struct hub_denial denial = {
		.org = exchange->caller.org->id,
		.call = visit->call,
		.sentence = exchange_text(exchange, "%s denied it in Slack", visit->person.name),
	};

	hub_deny(exchange->api->hub, &denial, handle_denied, exchange);
}

static void refuse(struct exchange *exchange, const struct store_rows *rows)
{
	struct visit *visit = exchange->data;

	text_format(visit->call, sizeof(visit->call), "%s", store_text_at(rows, 0, AT_CALL));
	visit->audit = exchange_audit(exchange, "call.deny", visit->call,
				      json_pack("{s:s, s:s}", "by", visit->person.name,
						"integration", exchange->params[0]));
	exchange_record(exchange, &visit->audit, deny);
}

static void tell_closed(struct exchange *exchange, const struct store_rows *rows)
{
	const char *by = store_text_at(rows, 0, AT_BY), *state = store_text_at(rows, 0, AT_STATE);

	tell(exchange,
	     exchange_text(exchange, "It is too late: this is %s%s%s.",
			   strcmp(state, "open") == 0 ? "expired" : state, *by ? " by " : "", by));
}

/* In this order: who is not to answer learns nothing of what is asked. */
static void decide(struct exchange *exchange, const struct store_rows *rows)
{
	const struct visit *visit = exchange->data;
	bool refuses = visit->click.kind == CLICK_REFUSE;
	enum role least = refuses ? ROLE_APPROVER : ROLE_RESPONDER;

	if (!role_allows(least, visit->person.role))
		tell(exchange, exchange_text(exchange, "This takes the role %s; yours is %s.",
					     role_name(least), role_name(visit->person.role)));
	else if (!rows->n_rows ||
		 refuses != (strcmp(store_text_at(rows, 0, AT_KIND), "change") == 0))
		tell(exchange, "There is no such question here.");
	else if (strcmp(store_text_at(rows, 0, AT_STATE), "open") != 0 ||
		 store_int_at(rows, 0, AT_EXPIRES) <= (int64_t)clock_wall_ns())
		tell_closed(exchange, rows);
	else if (refuses)
		refuse(exchange, rows);
	else
		answer(exchange, rows);
}

static void handle_appeal(struct exchange *exchange, const struct store_result *result)
{
	struct visit *visit = exchange->data;
	struct alert_counters *counters = &exchange->api->alerts->counters;

	if (result->steps[0].n_changed == 0) {
		/* It came, and what it said is done: nothing is done twice. */
		counters->replays++;
		exchange_answer(exchange, json_pack("{s:b}", "ok", 1));
		return;
	}
	counters->deliveries++;
	if (!chat_person_find(visit->sender.settings, &visit->click, &visit->person)) {
		tell(exchange, "You are not among those who may answer here: an admin of "
			       "Constable has to list your Slack id.");
		return;
	}
	text_format(exchange->caller.id, sizeof(exchange->caller.id), "%s", visit->click.user);
	text_format(exchange->caller.name, sizeof(exchange->caller.name), "%s", visit->person.name);
	exchange->caller.role = visit->person.role;
	exchange->caller.actor = "slack";
	decide(exchange, &result->steps[2]);
}

static void take(struct exchange *exchange)
{
	struct visit *visit = exchange->data;
	const struct store_value org = exchange_org(exchange);

	/* One body, one time, one signature: what comes with it again is the same. */
	text_format(visit->seen, sizeof(visit->seen), "signature:%.100s", visit->sender.signature);
	const struct store_step steps[] = {
		STEP(seen_sql, STORE_ANY, org, store_text(exchange->params[0]),
		     store_text(visit->seen), exchange_now()),
		sender_touch_step(exchange, visit->touch),
		STEP(appeal_sql, STORE_ANY, org, store_text(visit->click.appeal)),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_appeal);
}

static void handle_sender(struct exchange *exchange, const struct store_result *result)
{
	struct visit *visit = exchange->data;
	const struct http_request *http = exchange->http;
	struct error err = { 0 };

	sender_judge(exchange, result, &visit->sender);
	if (visit->sender.verdict != SECRET_SIGNED || visit->sender.kind != ALERT_SLACK) {
		sender_refuse(exchange, visit->sender.verdict == SECRET_SIGNED ||
							visit->sender.verdict == SECRET_PROVEN
						? SECRET_WRONG
						: visit->sender.verdict);
		return;
	}
	if (click_parse((struct str) { http->body, http->n_body }, &visit->click, &err) < 0) {
		exchange->api->alerts->counters.refused++;
		exchange_refuse(exchange, err.code == -E2BIG ? 413 : 400, "bad_payload", "%s",
				err.text);
		return;
	}
	if (visit->click.kind == CLICK_OTHER)
		exchange_answer(exchange, json_pack("{s:b}", "ok", 1));
	else
		take(exchange);
}

static void post_click(struct exchange *exchange)
{
	exchange->data = exchange_alloc(exchange, sizeof(struct visit));
	exchange->finish = finish_visit;
	sender_find(exchange, handle_sender);
}

const struct route routes_chat[] = {
	{ .method = "POST",
	  .operation = "receive_click",
	  .pattern = "/api/v1/chat/{integration_id}",
	  .summary = "Takes what people click in Slack, signed with the app's signing secret.",
	  .least = ROLE_NONE,
	  .max_body_bytes = CHAT_MAX_BODY_BYTES,
	  .response = SCHEMA_OK,
	  .handle = post_click },
	{ 0 },
};
