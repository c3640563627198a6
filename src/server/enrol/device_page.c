/*
 * The page on which a person lets a host in.
 *
 * There are no cookies: the key comes with the form each time, so no other site can send
 * a form in somebody's name. The first POST shows who waits, the second decides. Whatever
 * the host said of itself is escaped, and the page may load nothing and be framed nowhere.
 */
#include <string.h>

#include "server/enrol/device.h"
#include "server/enrol/device_client.h"
#include "server/enrol/routes.h"

#define PAGE_MAX_BYTES (64 * KIB)

static const char head[] =
	"<!doctype html><html lang=en><meta charset=utf-8>"
	"<meta name=viewport content=\"width=device-width\"><title>Constable: let a host in</title>"
	"<style>body{font:16px sans-serif;max-width:32em;margin:3em auto;padding:0 1em}"
	"input{font:inherit;padding:.3em;margin:.3em 0}input[type=text],input[type=password]"
	"{width:100%;box-sizing:border-box}dt{color:#555}dd{margin:0 0 .6em}.bad{color:#a00}"
	"</style><h1>Let a host in</h1>";

static void add_escaped(struct buf *page, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			buf_add_text(page, "&lt;");
			break;
		case '>':
			buf_add_text(page, "&gt;");
			break;
		case '&':
			buf_add_text(page, "&amp;");
			break;
		case '"':
			buf_add_text(page, "&quot;");
			break;
		case '\'':
			buf_add_text(page, "&#39;");
			break;
		default:
			buf_add(page, text, 1);
		}
	}
}

static void answer(struct exchange *exchange, unsigned status, const struct buf *page)
{
	struct http_request *http = exchange->http;

	http_reply_header(http, "Cache-Control", "no-store");
	http_reply_header(http, "Content-Security-Policy",
			  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
			  "frame-ancestors 'none'; base-uri 'none'");
	http_reply_header(http, "X-Frame-Options", "DENY");
	http_reply_header(http, "X-Content-Type-Options", "nosniff");
	http_reply_header(http, "Referrer-Policy", "no-referrer");
	exchange_answer_text(exchange, status, "text/html; charset=utf-8", buf_text(page));
}

static void show_form(struct exchange *exchange, unsigned status, const char *code,
		      const char *complaint)
{
	CLEANUP(buf) struct buf page = { 0 };

	buf_init(&page, PAGE_MAX_BYTES);
	buf_add_text(&page, head);
	if (complaint) {
		buf_add_text(&page, "<p class=bad>");
		add_escaped(&page, complaint);
	}
	buf_add_text(&page, "<form method=post action=/device><p><label>The code that the host "
			    "shows<input type=text name=user_code required maxlength=16 value=\"");
	add_escaped(&page, code);
	buf_add_text(&page, "\"></label><p><label>Your key, of the role admin<input type=password "
			    "name=api_key required maxlength=128 autocomplete=off></label>"
			    "<p><input type=submit value=\"Show who waits\"></form></html>");
	answer(exchange, status, &page);
}

static void get_page(struct exchange *exchange)
{
	const char *code = http_request_query(exchange->http, "user_code");

	show_form(exchange, 200, code && strlen(code) <= 16 ? code : "", NULL);
}

static void add_item(struct buf *page, const char *name, const char *value)
{
	buf_add_format(page, "<dt>%s<dd><b>", name);
	add_escaped(page, *value ? value : "not said");
	buf_add_text(page, "</b>");
}

static void add_description(struct buf *page, const json_t *client)
{
	const char *scope = json_get_text(client, "scope", "agent");

	buf_add_text(page, "<dl>");
	add_item(page, "Code", json_get_text(client, "user_code", ""));
	add_item(page, "Host name, as it says", json_get_text(client, "hostname", ""));
	add_item(page, "Address, as we see it", json_get_text(client, "address", ""));
	add_item(page, "Asks for",
		 strcmp(scope, "agent") == 0 ? "being an agent of this org" : scope);
	add_item(page, "Since", json_get_text(client, "created", ""));
	buf_add_text(page, "</dl>");
}

static void show_question(struct exchange *exchange, const struct store_result *result)
{
	CLEANUP(json) json_t *client = device_client_describe(result->steps);
	CLEANUP(buf) struct buf page = { 0 };

	buf_init(&page, PAGE_MAX_BYTES);
	buf_add_text(&page, head);
	add_description(&page, client);
	buf_add_text(&page, "<form method=post action=/device><input type=hidden name=user_code "
			    "value=\"");
	add_escaped(&page, json_get_text(client, "user_code", ""));
	buf_add_text(&page, "\"><input type=hidden name=api_key value=\"");
	add_escaped(&page, exchange_member(exchange, "api_key", ""));
	buf_add_text(&page,
		     "\"><p>Is this yours?<p><button name=decision value=allow>Yes, let it "
		     "in</button> <button name=decision value=deny>No</button></form></html>");
	answer(exchange, 200, &page);
}

static void show_end(struct exchange *exchange, const struct store_result *result)
{
	CLEANUP(json) json_t *client = device_client_describe(result->steps);
	bool denied = strcmp(json_get_text(client, "state", ""), "denied") == 0;
	CLEANUP(buf) struct buf page = { 0 };

	buf_init(&page, PAGE_MAX_BYTES);
	buf_add_text(&page, head);
	add_description(&page, client);
	buf_add_format(&page, "<p><b>%s</b> You may close this page.</html>",
		       denied ? "It is not let in." : "It is let in.");
	answer(exchange, 200, &page);
}

static void decide(struct exchange *exchange)
{
	const char *decision = exchange_member(exchange, "decision", "");
	const char *code = exchange_member(exchange, "user_code", "");

	if (exchange->caller.role != ROLE_ADMIN)
		show_form(exchange, 403, code, "This key has not the role admin.");
	else if (strcmp(decision, "allow") == 0)
		device_decide(exchange, code, DEVICE_ALLOW, show_end);
	else if (strcmp(decision, "deny") == 0)
		device_decide(exchange, code, DEVICE_DENY, show_end);
	else
		device_decide(exchange, code, DEVICE_LOOK, show_question);
}

/* A browser says where a form came from; one that came from elsewhere is none of ours. */
static bool is_same_origin(const struct exchange *exchange)
{
	const char *origin = http_request_field(exchange->http, "origin");
	const char *host = http_request_field(exchange->http, "host");
	const char *at = origin ? strstr(origin, "://") : NULL;

	return !origin || (at && host && strcasecmp(at + 3, host) == 0);
}

static void post_page(struct exchange *exchange)
{
	const char *key = exchange_member(exchange, "api_key", "");

	if (!is_same_origin(exchange))
		show_form(exchange, 403, "", "That form was not ours.");
	else
		exchange_authenticate_key(exchange, key, decide);
}

#define FORM_TEXT "{\"type\":\"string\",\"maxLength\":128}"
#define FORM                                                              \
	SCHEMA_GIVES("\"user_code\",\"api_key\"",                         \
		     "\"user_code\":" FORM_TEXT ",\"api_key\":" FORM_TEXT \
		     ",\"decision\":" FORM_TEXT)

const struct route routes_device_page[] = {
	{ .method = "GET",
	  .operation = "get_device_page",
	  .pattern = "/device",
	  .summary = "The page where a person enters the code of a host.",
	  .type = "text/html",
	  .handle = get_page },
	{ .method = "GET",
	  .operation = "get_agent_authorize_page",
	  .pattern = "/agent/authorize",
	  .summary = "The same page, at its documented path.",
	  .type = "text/html",
	  .handle = get_page },
	{ .method = "POST",
	  .operation = "send_device_page",
	  .pattern = "/device",
	  .summary = "Shows who waits with a code; with a decision, decides.",
	  .flags = ROUTE_LIMITED | ROUTE_FORM,
	  .request = FORM,
	  .type = "text/html",
	  .example = "{\"user_code\":\"ABCD-EFGH\",\"api_key\":\"cst_0000000000000000\"}",
	  .handle = post_page },
	{ 0 },
};
