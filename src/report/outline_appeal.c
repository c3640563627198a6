/* What an investigation asks of people (server/inquiry/appeal.h), and how that ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "report/outline_internal.h"

#define CALL_LINE_BYTES 200 /* of arguments, which have no line of their own */
#define CALL_MAX_LINES 30
#define MAX_CHOICES 20

static const char *text_of(const json_t *object, const char *key)
{
	return json_get_text(object, key, "");
}

/* Of an MCP server of others: no host checks a signature of it. */
static bool is_tool(const json_t *appeal)
{
	return strcmp(text_of(appeal, "type"), "tool") == 0;
}

/* That such a server asks a person to fill in. */
static bool is_form(const json_t *appeal)
{
	return strcmp(text_of(appeal, "type"), "form") == 0;
}

static bool is_change(const json_t *appeal)
{
	return strcmp(text_of(appeal, "type"), "change") == 0 || is_tool(appeal);
}

/* The remedy of a cause that the built-in engine has proven: no model wants it. */
static bool is_of_engine(const json_t *appeal)
{
	return *text_of(appeal, "cause_id");
}

bool appeal_is_open(const json_t *appeal)
{
	return strcmp(text_of(appeal, "state"), "open") == 0;
}

static const char *title_of(const json_t *appeal)
{
	static const struct {
		const char *state, *title;
	} rows[] = {
		{ "answered", "Answered" },
		{ "approved", "Approved" },
		{ "refused", "Refused" },
		{ "withdrawn", "Nothing to decide any more" },
	};

	if (appeal_is_open(appeal) && is_form(appeal))
		return "An MCP server asks a person";
	if (appeal_is_open(appeal))
		return is_change(appeal) ? "Approval wanted" : "A question to people";
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].state, text_of(appeal, "state")) == 0)
			return rows[i].title;
	return is_change(appeal) ? "Nobody approved it" : "Nobody answered";
}

static void add_fact(struct outline *outline, const char *label, const char *text)
{
	if (*text)
		outline_add(outline, PIECE_FACT, label, "%s", text);
}

static void add_question(struct outline *outline, const json_t *appeal)
{
	const json_t *choices = json_object_get(appeal, "choices"), *choice;
	size_t i;

	add_fact(outline, "A model asks", text_of(appeal, "text"));
	if (!json_array_size(choices))
		return;
	outline_add(outline, PIECE_HEADING, "Choices", "%s", "");
	json_array_foreach(choices, i, choice)
	{
		if (i < MAX_CHOICES && json_is_string(choice))
			outline_add(outline, PIECE_ITEM, NULL, "%s", json_string_value(choice));
	}
	outline_add_left(outline, i, i < MAX_CHOICES ? i : MAX_CHOICES);
}

/* Exactly what would run, as ASCII JSON: in lines, for no format takes it in one. */
static void add_arguments(struct outline *outline, const json_t *appeal)
{
	const char *arguments = text_of(appeal, "arguments");
	size_t len = strlen(arguments), at = 0;

	outline_add(outline, PIECE_HEADING, "Exactly these arguments", "%s", "");
	for (unsigned i = 0; i < CALL_MAX_LINES && at < len; i++) {
		size_t n = len - at < CALL_LINE_BYTES ? len - at : CALL_LINE_BYTES;

		outline_add(outline, PIECE_QUOTE, NULL, "%.*s", (int)n, arguments + at);
		at += n;
	}
	if (at < len || json_get_bool(appeal, "arguments_cut", false))
		outline_add(outline, PIECE_ITEM, NULL, "and more: 'constable %s %s' has them all",
			    is_tool(appeal) ? "mcp-server waiting" : "approval show",
			    text_of(appeal, "request_id"));
	add_fact(outline, "SHA-256", text_of(appeal, "args_sha256"));
}

static void add_change(struct outline *outline, const json_t *appeal)
{
	bool is_remedy = is_of_engine(appeal);

	add_fact(outline, is_remedy ? "The remedy would run" : "A model wants to run",
		 text_of(appeal, "tool"));
	add_fact(outline, "Of the cause", text_of(appeal, "cause_id"));
	add_fact(outline, "Of the MCP server", text_of(appeal, "mcp_server"));
	if (json_get_bool(appeal, "was_allowed", false))
		add_fact(outline, "Changed", "it was allowed, and says other things of itself now");
	add_fact(outline, "Risk", text_of(appeal, "risk"));
	add_fact(outline, is_remedy ? "Because" : "Because, it says", text_of(appeal, "why"));
	add_arguments(outline, appeal);
}

/* The words of a stranger, whose links nobody has checked: they are no links of ours. */
static void add_form(struct outline *outline, const json_t *appeal)
{
	const json_t *form = json_object_get(appeal, "form"), *field;
	size_t i;

	add_fact(outline, "The MCP server", text_of(appeal, "mcp_server"));
	add_fact(outline, "In a call of", text_of(appeal, "mcp_tool"));
	add_fact(outline, "It says, unchecked", text_of(form, "message"));
	add_fact(outline, "It sends to", text_of(form, "host"));
	json_array_foreach(json_object_get(form, "fields"), i, field)
		outline_add(outline, PIECE_ITEM, NULL, "%s%s", text_of(field, "name"),
			    json_get_bool(field, "required", false) ? "" : " (if you like)");
}

static void add_ways(struct outline *outline, const json_t *appeal)
{
	const char *call = text_of(appeal, "request_id");

	outline_add(outline, PIECE_HEADING, "What to do", "%s", "");
	if (is_form(appeal)) {
		outline_add(outline, PIECE_ITEM, NULL,
			    "to read and answer it: constable mcp-server answer %s", call);
		outline_add(outline, PIECE_ITEM, NULL,
			    "to decline: constable mcp-server decline %s", call);
		outline_add(outline, PIECE_NOTE, NULL,
			    "What you enter goes to that server, which is not ours.");
		return;
	}
	if (is_tool(appeal)) {
		outline_add(outline, PIECE_ITEM, NULL,
			    "to approve exactly this: constable mcp-server approve %s", call);
		outline_add(outline, PIECE_ITEM, NULL,
			    "to refuse it: constable mcp-server refuse %s", call);
	} else if (is_change(appeal)) {
		outline_add(outline, PIECE_ITEM, NULL,
			    "to approve exactly this, signed with your own key: constable approval "
			    "sign %s",
			    call);
		outline_add(outline, PIECE_ITEM, NULL,
			    "to refuse it: constable approval deny %s --reason WHY", call);
	} else {
		outline_add(outline, PIECE_ITEM, NULL,
			    "to answer: constable investigation answer %s WORDS...",
			    text_of(appeal, "investigation"));
	}
	outline_add(outline, PIECE_NOTE, NULL, "%s",
		    is_of_engine(appeal)
			    ? "The cause is proven, as its report says; names in the arguments are "
			      "the host's. Afterwards the evidence is read again."
			    : "What a model says is not checked: it has read what hosts say.");
}

static void add_end(struct outline *outline, const json_t *appeal)
{
	add_fact(outline, "By", text_of(appeal, "by"));
	add_fact(outline, is_change(appeal) ? "Outcome" : "Answer", text_of(appeal, "answer"));
}

static void add_appeal(struct outline *outline, const json_t *appeal)
{
	bool is_open = appeal_is_open(appeal);

	if (!is_open)
		add_end(outline, appeal);
	add_fact(outline, "Host", text_of(appeal, "host"));
	if (is_open)
		add_fact(outline, "Until", text_of(appeal, "expires"));
	if (is_change(appeal))
		add_change(outline, appeal);
	else if (is_form(appeal))
		add_form(outline, appeal);
	else
		add_question(outline, appeal);
	if (is_open)
		add_ways(outline, appeal);
}

/* Its subject is the incident's, so that it stands with the rest of that. */
void outline_init_appeal(struct outline *outline, const json_t *incident, const json_t *appeal)
{
	CLEANUP(text) char *of = NULL;
	int len = incident ? outline_name_incident(incident, "incident", &of)
			   : asprintf(&of, "investigation %s", text_of(appeal, "investigation"));

	if (len < 0 || asprintf(&outline->title, "%s, %s", title_of(appeal), of) < 0 ||
	    (incident ? outline_name_incident(incident, "Incident", &outline->subject)
		      : asprintf(&outline->subject, "%s", of)) < 0)
		abort();
	outline->mood = appeal_is_open(appeal) ? MOOD_UNSURE : MOOD_GOOD;
	add_appeal(outline, appeal);
}
