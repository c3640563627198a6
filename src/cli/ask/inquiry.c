#include "cli/ask/inquiry.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ask/kept.h"
#include "cli/ask/progress.h"
#include "cli/ask/remedy.h"
#include "cli/ask/report.h"
#include "cli/ask/telemetry.h"
#include "investigation/remedy_offer.h"

#define PATH_BYTES 4096

static int investigate_watched(const struct cli *cli, struct investigation *investigation,
			       struct error *err)
{
	CLEANUP(interrupt) struct interrupt interrupt = { .fd = -1 };
	struct progress progress;
	bool is_shown = isatty(STDERR_FILENO);
	int r = interrupt_open(&interrupt);

	if (r < 0)
		return error_set(err, r, "wait for signals: %s", strerrordesc_np(-r));
	progress_init(&progress, &cli->err);
	investigation->interrupt = &interrupt;
	investigation->watcher = is_shown ? &progress.watcher : NULL;
	r = investigate(cli, investigation, err);
	investigation->interrupt = NULL;
	investigation->watcher = NULL;
	if (is_shown && r == 0)
		progress_end(&progress);
	else if (is_shown)
		progress_clear(&progress);
	return r == -ECANCELED && interrupt.signal ? interrupt.signal : r;
}

/* What cannot be kept is said, but does not take the report away. */
static void keep(const struct cli *cli, const json_t *bundle)
{
	char path[PATH_BYTES];
	struct error err = { 0 };

	if (bundle && kept_add(cli, bundle, path, sizeof(path), &err) < 0)
		(void)command_failed(&err);
}

/* Nor does a collector that cannot be told. */
static void tell(const struct cli *cli, const json_t *bundle)
{
	struct error err = { 0 };

	if (bundle && telemetry_send(cli, bundle, &err) < 0)
		(void)command_failed(&err);
}

static int save(const struct inquiry *inquiry, const json_t *bundle, struct error *err)
{
	if (!inquiry->save)
		return 0;
	if (!bundle)
		return error_set(err, -ENODATA, "the investigation left no case to save");
	return kept_write(inquiry->save, bundle, err);
}

static void show(struct cli *cli, const struct inquiry *inquiry,
		 const struct investigation *investigation)
{
	if (inquiry->format != WRITTEN_TEXT)
		written_print(investigation->report, inquiry->format);
	else
		report_print(investigation->report, investigation->bundle, cli->host, &cli->out);
	(void)fflush(stdout);
}

/* Once: an exit status, EXIT_DONE where there is a report. */
static int run_once(struct cli *cli, const struct inquiry *inquiry,
		    struct investigation *investigation)
{
	struct error err = { 0 };
	int r = investigate_watched(cli, investigation, &err);

	if (r != 0) {
		int status = command_failed(&err);

		return r > 0 ? EXIT_INTERRUPTED + r : status;
	}
	keep(cli, investigation->bundle);
	show(cli, inquiry, investigation);
	tell(cli, investigation->bundle);
	return EXIT_DONE;
}

/* Whoever may sign it elsewhere has time to. */
#define REMEDY_NS (900 * NS_PER_SEC)

/* What is known afterwards is what follow-ups are about. */
static int remedy(struct cli *cli, const struct inquiry *inquiry,
		  struct investigation *investigation)
{
	CLEANUP(json) json_t *offered = remedy_of(investigation->report);
	struct investigation again = {
		.question = inquiry->question,
		.since_s = investigation->since_s,
		.timeout_ns = REMEDY_NS,
		.remedy = offered,
	};
	uint64_t start_ns = clock_monotonic_ns();
	int status;

	if (!offered || inquiry->format != WRITTEN_TEXT || !remedy_can_be_offered(cli) ||
	    !remedy_is_wanted(cli, offered))
		return EXIT_DONE;
	again.waited_s = (int64_t)((clock_monotonic_ns() - start_ns) / NS_PER_SEC);
	status = run_once(cli, inquiry, &again);
	again.remedy = NULL;
	if (status != EXIT_DONE) {
		investigation_finish(&again);
		return status;
	}
	investigation_finish(investigation);
	*investigation = again;
	return (int)remedy_status(investigation->report);
}

int inquiry_run(struct cli *cli, const struct inquiry *inquiry, struct investigation *investigation)
{
	struct error err = { 0 };
	int status;

	*investigation = (struct investigation) {
		.question = inquiry->question,
		.since_s = inquiry->since_ns / NS_PER_SEC ? inquiry->since_ns / NS_PER_SEC : 1,
		.extent = inquiry->extent,
		.timeout_ns = inquiry->timeout_ns,
		.engine = inquiry->engine,
	};
	status = run_once(cli, inquiry, investigation);
	if (status != EXIT_DONE)
		return status;
	if (save(inquiry, investigation->bundle, &err) < 0)
		return command_failed(&err);
	return remedy(cli, inquiry, investigation);
}
