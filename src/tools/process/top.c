#include "tools/process/top.h"

#include "host/process_detail.h"

struct place {
	const struct process *process;
	double value;
};

/* Keeps the best TOP_MAX in order; the list is short, so insertion is enough. */
static void offer(struct place places[TOP_MAX], const struct process *process, double value)
{
	size_t i = TOP_MAX;

	if (value <= 0 || value <= places[TOP_MAX - 1].value)
		return;
	while (i > 0 && value > places[i - 1].value)
		i--;
	for (size_t k = TOP_MAX - 1; k > i; k--)
		places[k] = places[k - 1];
	places[i] = (struct place) { process, value };
}

json_t *top_by_cpu(const struct process_table *before, const struct process_table *after,
		   uint64_t elapsed_ns)
{
	struct place places[TOP_MAX] = { 0 };
	json_t *list = json_array();

	for (size_t i = 0; i < after->n; i++) {
		const struct process *now = &after->list[i];
		const struct process *then = process_table_match(before, now);

		if (then)
			offer(places, now, process_cpu_percent(then, now, elapsed_ns));
	}
	for (size_t i = 0; i < TOP_MAX && places[i].process; i++) {
		json_t *entry = process_name_json(places[i].process);

		json_put(entry, "cpu_percent", json_figure(places[i].value));
		json_push(list, entry);
	}
	return list;
}

json_t *top_by_memory(const struct process_table *table)
{
	struct place places[TOP_MAX] = { 0 };
	json_t *list = json_array();

	for (size_t i = 0; i < table->n; i++)
		offer(places, &table->list[i], (double)process_rss_bytes(&table->list[i]));
	for (size_t i = 0; i < TOP_MAX && places[i].process; i++) {
		json_t *entry = process_name_json(places[i].process);

		json_put(entry, "rss_bytes", json_count(process_rss_bytes(places[i].process)));
		json_push(list, entry);
	}
	return list;
}
