/*
 * Microsoft Teams: the webhook of a workflow ("When a Teams webhook request is received"), which
 * posts a card and can change none: each state of an incident is a message of its own.
 */
#include "report/report.h"
#include "server/notify/kind.h"

static enum verdict ask(struct attempt *attempt, struct letter *letter)
{
	letter->method = "POST";
	letter_set_url(letter, json_get_text(attempt->secret, "url", ""), "");
	letter_set_body(letter, report_teams(attempt->document));
	return VERDICT_MORE;
}

static enum verdict hear(struct attempt *attempt UNUSED)
{
	return VERDICT_DELIVERED;
}

const struct kind kind_teams = {
	.name = "teams",
	.config_schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{}}",
	.secret_schema =
		"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"url\"],"
		"\"properties\":{\"url\":{\"type\":\"string\",\"minLength\":9,"
		"\"maxLength\":1500}}}",
	.ask = ask,
	.hear = hear,
};
