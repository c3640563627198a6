/* What the server has on record: its calls, and its log of what became of them. */
#include "link_server.h"

static json_t *text_of(const struct store_value *value)
{
	switch (value->kind) {
	case STORE_INT:
		return json_integer((json_int_t)value->integer);
	case STORE_TEXT:
		return json_text(value->text.data, value->text.len);
	case STORE_NULL:
		break;
	}
	return json_null();
}

/* Each row is a list of its columns. */
static void handle_rows(const struct store_result *result, const struct error *err, void *data)
{
	const struct store_rows *rows = result ? &result->steps[0] : NULL;
	struct http_request *request = data;
	json_t *list = json_array();

	for (unsigned i = 0; rows && i < rows->n_rows; i++) {
		json_t *row = json_array();

		for (unsigned at = 0; at < rows->n_columns; at++)
			json_push(row, text_of(store_at(rows, i, at)));
		json_push(list, row);
	}
	http_reply_json(request, err ? 500 : 200, json_pack("{s:o}", "rows", list));
}

static void read_rows(struct server *server, struct http_request *request, const char *sql)
{
	const char *agent = http_request_query(request, "agent");
	const char *after = http_request_query(request, "after");
	const struct store_value values[] = {
		store_text("acme"),
		store_text(agent ? agent : ""),
		store_int(after ? strtoll(after, NULL, 10) : 0),
	};
	const struct store_step step = { .sql = sql, .params = values, .n_params = 3 };
	const struct store_batch batch = { .org = "acme", .steps = &step, .n_steps = 1 };

	store_submit(server->store, &batch, handle_rows, request);
}

void ledger_of_calls(struct server *server, struct http_request *request)
{
	read_rows(server, request,
		  "SELECT id, cursor, state, tool, args, finished, result_sha256, result, error"
		  " FROM calls WHERE org = $1 AND agent = $2 AND cursor > $3 ORDER BY cursor"
		  " LIMIT 500");
}

void ledger_of_open_calls(struct server *server, struct http_request *request)
{
	read_rows(server, request,
		  "SELECT id FROM calls WHERE org = $1 AND agent = $2 AND cursor > $3"
		  " AND finished IS NULL");
}

void ledger_of_events(struct server *server, struct http_request *request)
{
	read_rows(server, request,
		  "SELECT seq, data FROM events WHERE org = $1 AND kind = 'call' AND $2 = $2"
		  " AND seq > $3 ORDER BY seq");
}
