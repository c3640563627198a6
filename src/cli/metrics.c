/* constable metrics: CPU, memory, disks and network of this host, with bars. */
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/terminal/amount.h"
#include "cli/terminal/chart.h"

#define LABEL_COLUMNS 10
#define BAR_CELLS 24
#define MOUNT_COLUMN 45

static void print_share(struct page *page, const char *label, double percent)
{
	page_add(page, STYLE_STRONG, "%-*s", LABEL_COLUMNS, label);
	chart_bar(page, chart_style(percent), percent, BAR_CELLS);
	page_add(page, chart_style(percent), " %5.1f %%", percent);
}

static void print_system(const json_t *about, struct page *page)
{
	double uptime = json_get_number(about, "uptime_seconds", 0);
	char text[DURATION_TEXT_BYTES];

	page_add(page, STYLE_STRONG, "%s", json_get_text(about, "hostname", "this host"));
	page_add(page, STYLE_FAINT, "  %s %s, up %s", json_get_text(about, "platform", ""),
		 json_get_text(about, "kernel", ""),
		 duration_to_text((uint64_t)(uptime * NS_PER_SEC), text));
	page_end(page);
}

static void print_cpu(const json_t *cpu, struct page *page)
{
	const json_t *load = json_object_get(cpu, "load");
	const json_t *number;
	size_t i;

	print_share(page, "cpu", json_get_number(cpu, "percent", 0));
	page_add(page, STYLE_PLAIN, "  %lld cpus", (long long)json_get_int(cpu, "count", 0));
	page_add(page, STYLE_FAINT, "  user %.0f  system %.0f  iowait %.0f  steal %.0f",
		 json_get_number(cpu, "user_percent", 0), json_get_number(cpu, "system_percent", 0),
		 json_get_number(cpu, "iowait_percent", 0),
		 json_get_number(cpu, "steal_percent", 0));
	page_end(page);
	page_add(page, STYLE_PLAIN, "%-*s", LABEL_COLUMNS, "load");
	json_array_foreach(load, i, number)
	{
		page_add(page, STYLE_PLAIN, "%.2f  ", json_number_value(number));
	}
	page_add(page, STYLE_FAINT, "over 1, 5 and 15 minutes");
	page_end(page);
	if (json_array_size(json_object_get(cpu, "per_cpu_percent")) < 2)
		return;
	page_add(page, STYLE_PLAIN, "%-*s", LABEL_COLUMNS, "per cpu");
	(void)chart_spark(page, json_object_get(cpu, "per_cpu_percent"), 64);
	page_end(page);
}

static void print_pool(const json_t *pool, const char *label, struct page *page)
{
	double total = json_get_number(pool, "total_bytes", 0);
	char used_text[AMOUNT_TEXT_BYTES], total_text[AMOUNT_TEXT_BYTES];

	if (total <= 0)
		return;
	print_share(page, label, json_get_number(pool, "percent", 0));
	page_add(page, STYLE_PLAIN, "  %s of %s",
		 amount_bytes(json_get_number(pool, "used_bytes", 0), used_text),
		 amount_bytes(total, total_text));
	page_end(page);
}

static void print_filesystems(const json_t *disk, struct page *page)
{
	const json_t *one;
	char left[AMOUNT_TEXT_BYTES], total[AMOUNT_TEXT_BYTES];
	size_t i;

	json_array_foreach(json_object_get(disk, "filesystems"), i, one)
	{
		if (!json_is_number(json_object_get(one, "used_percent")))
			continue;
		print_share(page, "disk", json_get_number(one, "used_percent", 0));
		page_add(page, STYLE_PLAIN, "  %s left of %s",
			 amount_bytes(json_get_number(one, "available_bytes", 0), left),
			 amount_bytes(json_get_number(one, "total_bytes", 0), total));
		page_flow_format(page, STYLE_NAME, MOUNT_COLUMN, "  %s",
				 json_get_text(one, "mount", ""));
		if (json_get_bool(one, "read_only", false))
			page_flow(page, STYLE_WARN, MOUNT_COLUMN, "  read-only");
		page_end(page);
	}
}

static void print_interfaces(const json_t *network, struct page *page)
{
	const json_t *one;
	char in[AMOUNT_TEXT_BYTES], out[AMOUNT_TEXT_BYTES];
	size_t i;

	json_array_foreach(json_object_get(network, "interfaces"), i, one)
	{
		page_add(page, STYLE_STRONG, "%-*s", LABEL_COLUMNS, "network");
		page_add(page, STYLE_NAME, "%-16s", json_get_text(one, "name", ""));
		page_add(page, STYLE_PLAIN, " in %9s/s  out %9s/s",
			 amount_bytes(json_get_number(one, "rx_bytes_per_s", 0), in),
			 amount_bytes(json_get_number(one, "tx_bytes_per_s", 0), out));
		page_add(page, STYLE_FAINT, "  %s", json_get_text(one, "state", ""));
		page_end(page);
	}
}

static void print_metrics(const json_t *result, struct page *page)
{
	print_system(json_object_get(result, "system"), page);
	print_cpu(json_object_get(result, "cpu"), page);
	print_pool(json_object_get(result, "memory"), "memory", page);
	print_pool(json_object_get(result, "swap"), "swap", page);
	print_filesystems(json_object_get(result, "disk"), page);
	print_interfaces(json_object_get(result, "network"), page);
	page_add(page, STYLE_FAINT, "%lld processes",
		 (long long)json_get_int(result, "n_processes", 0));
	page_end(page);
}

static int run(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *result = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n)
		return command_misused(&command_metrics);
	if (cli_run_tool(cli, "get_system_metrics", json_object(), &result, &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(result);
	else
		print_metrics(result, &cli->out);
	return EXIT_DONE;
}

const struct command command_metrics = {
	.name = "metrics",
	.usage = "[--json]",
	.summary = "CPU, memory, disks and network of this host",
	.run = run,
};
