#include "mcp_client/listing.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "call/hash.h"
#include "mcp_client/header.h"

struct mcp_listing {
	struct mcp_client *client;
	struct mcp_request *request;
	uint64_t until_ns;
	mcp_listed *done;
	void *data;
	json_t *tools, *left_out;
	char *cursor;
	unsigned n_pages;
};

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_-.", name[i]))
			return false;
	return len && len <= MCP_TOOL_NAME_MAX_BYTES;
}

/* Why it cannot be called, or NULL; 'err' holds the sentence of some. */
static const char *fault_of(const json_t *tool, struct error *err)
{
	const json_t *schema = json_object_get(tool, "inputSchema");
	CLEANUP(text) char *text = NULL;

	if (!is_name(json_get_text(tool, "name", "")))
		return "its name is none";
	if (!json_is_object(schema) || strcmp(json_get_text(schema, "type", ""), "object") != 0)
		return "it says no schema of its arguments";
	if (strlen(json_get_text(tool, "description", "")) > MCP_TOOL_DESCRIPTION_MAX_BYTES ||
	    strlen(json_get_text(tool, "title", "")) > MCP_TOOL_NAME_MAX_BYTES)
		return "its description is too long";
	text = json_canonical(schema);
	if (strlen(text) > MCP_TOOL_SCHEMA_MAX_BYTES)
		return "its schema is too long";
	return mcp_header_check(schema, err) < 0 ? err->text : NULL;
}

static void add(const json_t *tool, json_t *tools)
{
	char sha256[MCP_TOOL_HASH_BYTES];
	json_t *entry = json_pack("{s:O, s:s, s:O}", "name", json_object_get(tool, "name"),
				  "description", json_get_text(tool, "description", ""), "schema",
				  json_object_get(tool, "inputSchema"));
	CLEANUP(text) char *text = NULL;

	if (json_is_string(json_object_get(tool, "title")))
		json_put(entry, "title", json_incref(json_object_get(tool, "title")));
	text = json_canonical(entry);
	hash_text(text, strlen(text), sha256);
	json_put(entry, "sha256", json_string(sha256));
	json_push(tools, entry);
}

static bool is_listed(const json_t *tools, const char *name)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(tools, i, tool)
	{
		if (strcmp(json_get_text(tool, "name", ""), name) == 0)
			return true;
	}
	return false;
}

int mcp_listing_take(const json_t *page, json_t *tools, json_t *left_out, struct error *err)
{
	const json_t *list = json_object_get(page, "tools"), *tool;
	size_t i;

	if (!json_is_array(list))
		return error_set(err, -EBADMSG, "it lists no tools");
	json_array_foreach(list, i, tool)
	{
		struct error why = { 0 };
		const char *name = json_get_text(tool, "name", "");
		const char *fault = fault_of(tool, &why);

		if (json_array_size(tools) + json_array_size(left_out) == MCP_LISTING_MAX_TOOLS)
			return error_set(err, -E2BIG, "it lists more than %d tools",
					 MCP_LISTING_MAX_TOOLS);
		if (!fault && is_listed(tools, name))
			fault = "another has its name";
		if (fault)
			json_push(left_out, json_pack("{s:o, s:o}", "name",
						      json_text(name, strnlen(name, 64)), "why",
						      json_text(fault, strlen(fault))));
		else
			add(tool, tools);
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(json_get_text(*(json_t *const *)a, "name", ""),
		      json_get_text(*(json_t *const *)b, "name", ""));
}

static void sort(json_t *tools)
{
	json_t *sorted[MCP_LISTING_MAX_TOOLS];
	size_t n = json_array_size(tools);

	for (size_t i = 0; i < n; i++)
		sorted[i] = json_incref(json_array_get(tools, i));
	qsort(sorted, n, sizeof(sorted[0]), by_name);
	for (size_t i = 0; i < n; i++)
		if (json_array_set_new(tools, i, sorted[i]) < 0)
			abort();
}

static void listing_free(struct mcp_listing *listing)
{
	json_decref(listing->tools);
	json_decref(listing->left_out);
	free(listing->cursor);
	free(listing);
}

static void end(struct mcp_listing *listing, const struct error *err)
{
	mcp_listed *done = listing->done;
	void *data = listing->data;
	CLEANUP(json) json_t *tools = TAKE(listing->tools);
	CLEANUP(json) json_t *left_out = TAKE(listing->left_out);

	listing_free(listing);
	sort(tools);
	done(err ? NULL : tools, err ? NULL : left_out, err, data);
}

static void ask(struct mcp_listing *listing);

/* The next page, or the end; a cursor that comes back would lead round for ever. */
static void handle_page(const struct mcp_outcome *outcome, void *data)
{
	struct mcp_listing *listing = data;
	const char *next = json_get_text(outcome->result, "nextCursor", NULL);
	struct error err = { 0 };

	listing->request = NULL;
	if (outcome->err)
		err = *outcome->err;
	else if (mcp_listing_take(outcome->result, listing->tools, listing->left_out, &err) == 0 &&
		 next && ++listing->n_pages == MCP_LISTING_MAX_PAGES)
		error_set(&err, -E2BIG, "it lists its tools on more than %d pages",
			  MCP_LISTING_MAX_PAGES);
	else if (!err.code && next && listing->cursor && strcmp(next, listing->cursor) == 0)
		error_set(&err, -EBADMSG, "its pages lead round");
	if (err.code || !next) {
		end(listing, err.code ? &err : NULL);
		return;
	}
	free(listing->cursor);
	listing->cursor = strdup(next);
	if (!listing->cursor)
		abort();
	ask(listing);
}

static void ask(struct mcp_listing *listing)
{
	uint64_t now_ns = clock_monotonic_ns();
	const struct mcp_order order = {
		.method = "tools/list",
		.params = listing->cursor ? json_pack("{s:s}", "cursor", listing->cursor) : NULL,
		.total_ns = listing->until_ns > now_ns ? listing->until_ns - now_ns : 1,
		.done = handle_page,
		.data = listing,
	};

	listing->request = mcp_client_request(listing->client, &order);
}

struct mcp_listing *mcp_listing_start(struct mcp_client *client, uint64_t total_ns,
				      mcp_listed *done, void *data)
{
	struct mcp_listing *listing = calloc(1, sizeof(*listing));

	if (!listing)
		abort();
	*listing = (struct mcp_listing) {
		.client = client,
		.until_ns = clock_monotonic_ns() + total_ns,
		.done = done,
		.data = data,
		.tools = json_array(),
		.left_out = json_array(),
	};
	ask(listing);
	return listing;
}

void mcp_listing_cancel(struct mcp_listing *listing)
{
	if (listing->request)
		mcp_request_cancel(listing->request);
	listing_free(listing);
}
