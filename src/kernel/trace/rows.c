#include "kernel/trace/rows_internal.h"

#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/trace/show_internal.h"
#include "kernel/trace/trace.h"

struct row {
	uint8_t key[PROGRAM_KEY_BYTES];
	struct cell cell;
};

struct rows {
	struct row *at;
	size_t n;
};

static void rows_cleanup(struct rows *rows)
{
	free(rows->at);
}

static void read_rows(const struct session *session, struct rows *rows)
{
	int fd = session->maps.cells;
	const void *before = NULL;

	rows->at = calloc(session->request->max_rows, sizeof(*rows->at));
	if (!rows->at)
		abort();
	while (rows->n < session->request->max_rows) {
		struct row *row = &rows->at[rows->n];

		if (bpf_map_get_next_key(fd, before, row->key) < 0)
			break;
		if (bpf_map_lookup_elem(fd, row->key, &row->cell) == 0)
			rows->n++;
		before = row->key;
	}
}

static int compare_counts(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	if (a->cell.count != b->cell.count)
		return a->cell.count < b->cell.count ? 1 : -1;
	return memcmp(a->key, b->key, sizeof(a->key));
}

static int compare_sums(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	if (a->cell.sum != b->cell.sum)
		return a->cell.sum < b->cell.sum ? 1 : -1;
	return compare_counts(left, right);
}

static json_t *show_row(const struct trace_request *request, const struct row *row,
			enum rows_extent extent)
{
	const struct cell *cell = &row->cell;
	double unit = request->aggregate == TRACE_LATENCY ? 1000 : 1;
	json_t *object = json_pack("{s:o, s:I}", "key", show_key(request, row->key), "count",
				   (json_int_t)cell->count);

	if (request->aggregate == TRACE_COUNT)
		return object;
	json_put(object, "sum", json_figure((double)(int64_t)cell->sum / unit));
	json_put(object, "mean",
		 json_figure((double)(int64_t)cell->sum / unit / (double)cell->count));
	if (request->aggregate != TRACE_SUM && extent == ROWS_ALL)
		json_put(object, "spread", show_slots(request, cell->slots));
	return object;
}

static void put_histogram(const struct trace_request *request, const struct rows *rows,
			  json_t *result)
{
	uint64_t slots[PROGRAM_SLOTS] = { 0 };

	for (size_t i = 0; i < rows->n; i++)
		for (size_t j = 0; j < PROGRAM_SLOTS; j++)
			slots[j] += rows->at[i].cell.slots[j];
	json_put(result, "histogram", show_slots(request, slots));
}

void rows_put(const struct session *session, enum rows_extent extent, json_t *result)
{
	const struct trace_request *request = session->request;
	bool is_by_sum = request->aggregate == TRACE_LATENCY || request->aggregate == TRACE_SUM;
	CLEANUP(rows) struct rows rows = { 0 };
	size_t most = extent == ROWS_ALL ? TRACE_SHOWN_ROWS : TRACE_GLANCE_ROWS;
	json_t *list = json_array();

	read_rows(session, &rows);
	qsort(rows.at, rows.n, sizeof(*rows.at), is_by_sum ? compare_sums : compare_counts);
	for (size_t i = 0; i < rows.n && i < most; i++)
		json_push(list, show_row(request, &rows.at[i], extent));
	json_put(result, "rows", list);
	json_put(result, "n_keys", json_integer((json_int_t)rows.n));
	if (rows.n > most)
		json_put(result, "truncated", json_true());
	if (program_has_slots(request))
		put_histogram(request, &rows, result);
}

void rows_put_tally(const struct session *session, json_t *result)
{
	struct tally tally = { 0 };
	uint32_t zero = 0;

	(void)bpf_map_lookup_elem(session->maps.tally, &zero, &tally);
	json_put(result, "n_events", json_integer((json_int_t)tally.n_events));
	json_put(result, "lost", json_integer((json_int_t)tally.lost_events));
	if (session->maps.cells >= 0)
		json_put(result, "lost_keys", json_integer((json_int_t)tally.lost_keys));
	if (session->maps.starts >= 0)
		json_put(result, "lost_starts", json_integer((json_int_t)tally.lost_starts));
	if (session->maps.stacks >= 0)
		json_put(result, "lost_stacks", json_integer((json_int_t)tally.lost_stacks));
}
