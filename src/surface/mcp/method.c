/* What is answered at once: lists, ping, levels, and what the server can do. */
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "surface/mcp/mcp_internal.h"

#define PAGE_ITEMS 200
#define PAGE_MAX_BYTES (16 * MIB) /* of our own words */
#define CURSOR_MAX_BYTES 32

/* Of RFC 5424, the least first. */
static const char *const levels[] = { "debug", "info",     "notice", "warning",
				      "error", "critical", "alert",  "emergency" };

int mcp_level_rank(const char *level)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (strcmp(levels[i], level) == 0)
			return (int)i;
	return -1;
}

static bool takes(const struct mcp_offer *offer, enum mcp_kind kind)
{
	return offer->kinds & 1u << kind;
}

json_t *mcp_describe_capabilities(const struct mcp_request *request)
{
	const struct mcp_offer *offer = request->mcp->offer;
	json_t *all = json_pack("{s:{}}", "logging");

	if (offer->tools)
		json_put(all, "tools", json_pack("{s:b}", "listChanged", true));
	if (offer->prompts)
		json_put(all, "prompts",
			 offer->prompts_change ? json_pack("{s:b}", "listChanged", true)
					       : json_object());
	if (offer->resources)
		json_put(all, "resources",
			 json_pack("{s:b, s:b}", "listChanged", true, "subscribe",
				   offer->watch ||
					   (takes(offer, MCP_SUBSCRIBE) && !request->is_modern)));
	if (offer->tools && request->is_modern)
		json_put(all, "extensions", json_pack("{s:{}}", MCP_TASKS));
	if (takes(offer, MCP_COMPLETION))
		json_put(all, "completions", json_object());
	return all;
}

void mcp_add_freshness(const struct mcp_request *request, json_t *result, unsigned fresh_ms)
{
	if (!request->is_modern)
		return;
	json_put(result, "ttlMs", json_integer(fresh_ms));
	json_put(result, "cacheScope", json_string("private"));
}

static void ping(const struct mcp_request *request)
{
	mcp_reply(request, NULL);
}

static void set_level(const struct mcp_request *request)
{
	int rank = mcp_level_rank(json_get_text(request->params, "level", ""));

	if (rank < 0) {
		mcp_refuse(request, JSONRPC_INVALID_PARAMS,
			   "a level is one of debug, info, notice, warning, error, critical, alert "
			   "and emergency");
		return;
	}
	request->mcp->level = levels[rank];
	mcp_reply(request, NULL);
}

static void discover(const struct mcp_request *request)
{
	const struct mcp_offer *offer = request->mcp->offer;
	json_t *result =
		json_pack("{s:[s], s:o, s:s*}", "supportedVersions", MCP_MODERN, "capabilities",
			  mcp_describe_capabilities(request), "instructions", offer->instructions);

	mcp_add_freshness(request, result, offer->fresh_ms);
	mcp_reply(request, result);
}

/* The place where a page begins: nobody's business but ours. */
static bool read_cursor(const json_t *cursor, size_t n_items, size_t *from_out)
{
	const char *text = json_string_value(cursor), *at;
	CLEANUP(buf) struct buf decoded = { 0 };
	uint64_t from = 0;

	*from_out = 0;
	if (!cursor)
		return true;
	buf_init(&decoded, CURSOR_MAX_BYTES);
	if (!text || base64_decode(text, strlen(text), &decoded) < 0)
		return false;
	at = buf_text(&decoded);
	if (!scan_u64(&at, &from) || *at || from == 0 || from >= n_items)
		return false;
	*from_out = (size_t)from;
	return true;
}

static json_t *make_cursor(size_t from)
{
	char text[CURSOR_MAX_BYTES], cursor[BASE64_TEXT_BYTES(CURSOR_MAX_BYTES)];

	text_format(text, sizeof(text), "%zu", from);
	return json_string(base64_encode(text, strlen(text), cursor));
}

/* An item of a list; a schema that is kept as text stands in it as what it says. */
static void add_item(const json_t *item, struct buf *out)
{
	const char *schema = json_get_text(item, "outputSchema", NULL);
	CLEANUP(json) json_t *rest = schema ? json_copy((json_t *)(uintptr_t)item) : NULL;
	CLEANUP(text) char *text = NULL;

	if (!schema) {
		text = json_dumps(item, JSON_COMPACT);
		buf_add_text(out, text);
		return;
	}
	(void)json_object_del(rest, "outputSchema");
	text = json_dumps(rest, JSON_COMPACT);
	buf_add(out, text, strlen(text) - 1);
	buf_add_format(out, "%s\"outputSchema\":", text[1] == '}' ? "" : ",");
	buf_add_text(out, schema);
	buf_add_text(out, "}");
}

/* The page of a list behind 'from' of its items, as text. */
static char *write_page(const struct mcp_request *request, const char *name, const json_t *list,
			size_t from)
{
	size_t n = json_array_size(list);
	CLEANUP(json) json_t *rest = json_object();
	CLEANUP(text) char *text = NULL;
	CLEANUP(buf) struct buf items = { 0 };

	if (n > from + PAGE_ITEMS)
		json_put(rest, "nextCursor", make_cursor(from + PAGE_ITEMS));
	mcp_add_freshness(request, rest, request->mcp->offer->fresh_ms);
	mcp_complete(request, rest);
	text = json_dumps(rest, JSON_COMPACT);
	buf_init(&items, PAGE_MAX_BYTES);
	for (size_t i = from; i < n && i < from + PAGE_ITEMS; i++) {
		if (i > from)
			buf_add_text(&items, ",");
		add_item(json_array_get(list, i), &items);
	}
	return json_fill(text[1] == '}' ? "{$s:[$j]$j" : "{$s:[$j],$j", name, buf_text(&items),
			 text + 1);
}

struct list {
	const char *method, *member;
	const json_t *items; /* NULL: there is none */
};

static void send_page(const struct mcp_request *request, const struct list *list, size_t at)
{
	struct mcp_shelf *shelf = request->mcp->offer->shelf;
	char **kept = shelf ? &shelf->pages[at][request->is_modern] : NULL;
	CLEANUP(text) char *text = NULL;
	size_t from;

	if (!read_cursor(json_object_get(request->params, "cursor"), json_array_size(list->items),
			 &from)) {
		mcp_refuse(request, JSONRPC_INVALID_PARAMS,
			   "no list has this cursor: take nextCursor of the page before");
	} else if (from || !kept) {
		text = write_page(request, list->member, list->items, from);
		mcp_reply_text(request, text);
	} else {
		if (!*kept)
			*kept = write_page(request, list->member, list->items, 0);
		mcp_reply_text(request, *kept);
	}
}

void mcp_shelf_clear(struct mcp_shelf *shelf)
{
	for (size_t i = 0; i < MCP_N_LISTS; i++)
		for (size_t j = 0; j < ARRAY_LEN(shelf->pages[i]); j++)
			free(TAKE(shelf->pages[i][j]));
}

static const struct {
	const char *name;
	enum {
		IN_SESSIONS,
		ALONE,
		WATCHING, /* in sessions, where the offer can tell */
	} where;
	void (*handle)(const struct mcp_request *request);
} methods[] = {
	{ "logging/setLevel", IN_SESSIONS, set_level },
	{ "ping", IN_SESSIONS, ping },
	{ "resources/subscribe", WATCHING, mcp_watch_in_session },
	{ "resources/unsubscribe", WATCHING, mcp_watch_no_more },
	{ "server/discover", ALONE, discover },
};

/* False where no list of the offer has that method. */
static bool find_list(const struct mcp_offer *offer, const char *method, struct list *list_out,
		      size_t *at_out)
{
	const struct list lists[MCP_N_LISTS] = {
		{ "tools/list", "tools", offer->tools },
		{ "prompts/list", "prompts", offer->prompts },
		{ "resources/list", "resources", offer->resources },
		{ "resources/templates/list", "resourceTemplates", offer->templates },
	};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		if (!lists[i].items || strcmp(lists[i].method, method) != 0)
			continue;
		*list_out = lists[i];
		*at_out = i;
		return true;
	}
	return false;
}

bool mcp_knows(const struct mcp *mcp, const char *method)
{
	struct list list;
	size_t at;

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (methods[i].where != ALONE && strcmp(methods[i].name, method) == 0)
			return true;
	return find_list(mcp->offer, method, &list, &at) || mcp_call_takes(mcp, method);
}

bool mcp_answer_at_once(const struct mcp_request *request, const char *method)
{
	const struct mcp_offer *offer = request->mcp->offer;
	struct list list;
	size_t at;

	if (offer->look && strcmp(method, "resources/list") == 0)
		offer->look(offer->data);
	if (find_list(offer, method, &list, &at)) {
		send_page(request, &list, at);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (strcmp(methods[i].name, method) != 0 ||
		    (methods[i].where == ALONE) != request->is_modern ||
		    (methods[i].where == WATCHING && !offer->watch))
			continue;
		methods[i].handle(request);
		return true;
	}
	return false;
}

const json_t *mcp_offer_find(const json_t *list, const char *member, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (strcmp(json_get_text(item, member, ""), text) == 0)
			return item;
	}
	return NULL;
}
