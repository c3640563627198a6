/*
 * constable-investigator: one investigation, then gone.
 *
 *	constable-investigator [--knowledge DIR] [--skills DIR]
 *		investigate for the peer on descriptor 3
 *	constable-investigator [--knowledge DIR] --replay CASE
 *		recompute a case, the report on standard output
 *	constable-investigator --validate DIR
 *		check a knowledge base
 *	constable-investigator start
 *		start others for the owner of standard input (starter.h)
 *
 * It needs no host, no network and no credential. Exit status 0: done; 1: it
 * failed, with one sentence on standard error; 2: wrong use.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "call/sandbox/confine.h"
#include "diagnosis/predicates.h"
#include "investigation/case.h"
#include "investigation/channel.h"
#include "investigation/driven.h"
#include "investigation/remedy.h"
#include "investigation/report.h"
#include "investigation/start.h"
#include "investigation/starter.h"
#include "tools/catalogue.h"

#define CHANNEL_FD 3
#define MEMORY_MAX_BYTES (512 * MIB)
#define CPU_MAX_S 60
#define INSTALLED "/usr/share/constable"

/* All that is read of ours, before the walls. */
struct learned {
	struct predicates *predicates;
	struct skills skills;
};

struct options {
	const char *knowledge;
	const char *skills;
	const char *replay;
	const char *validate;
	bool starts;
};

/* Beside the build folder this runs from, else where packages put it. */
static const char *default_folder(const char *name, char path[4096])
{
	ssize_t len = readlink("/proc/self/exe", path, 4000);
	char *slash;

	if (len > 0) {
		path[len] = '\0';
		slash = strrchr(path, '/');
		(void)snprintf(slash, 40, "/../%s", name);
		if (access(path, R_OK) == 0)
			return path;
	}
	(void)snprintf(path, 4096, INSTALLED "/%s", name);
	return path;
}

/* Evidence is foreign and predicates are many: neither may take the host with it. */
static int limit_self(struct error *err)
{
	const struct rlimit memory = { MEMORY_MAX_BYTES, MEMORY_MAX_BYTES };
	const struct rlimit cpu = { CPU_MAX_S, CPU_MAX_S };
	const struct rlimit core = { 0, 0 };

	if (setrlimit(RLIMIT_DATA, &memory) < 0 || setrlimit(RLIMIT_CPU, &cpu) < 0 ||
	    setrlimit(RLIMIT_CORE, &core) < 0)
		return error_errno(err, "limit the investigator");
	return 0;
}

/* From here on there is no host and no network, whatever a case or an answer says:
 * called once the knowledge is read and before the first foreign byte. */
static int confine(struct error *err)
{
	uint32_t walls;

	return sandbox_confine_self(&walls, err);
}

static int print(const json_t *report, struct error *err)
{
	CLEANUP(text) char *text = report_format(report);
	int r = fd_write_all(STDOUT_FILENO, text, strlen(text));

	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, "\n", 1);
	return r < 0 ? error_set(err, r, "write the report: %s", strerrordesc_np(-r)) : 0;
}

static json_t *read_case(int fd, const char *path, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(json) json_t *bundle = NULL;
	int r;

	buf_init(&text, CASE_MAX_BYTES);
	r = buf_read_fd(&text, fd);
	if (r < 0 || text.dropped) {
		error_set(err, r < 0 ? r : -E2BIG, "cannot read '%s'", path);
		return NULL;
	}
	bundle = json_parse(buf_text(&text), text.len, CASE_MAX_BYTES, err);
	if (!bundle || case_check(bundle, err) < 0) {
		error_wrap(err, "%s", path);
		return NULL;
	}
	return TAKE(bundle);
}

static struct knowledge *load_knowledge(const char *folder, struct error *err)
{
	CLEANUP(knowledge) struct knowledge *knowledge = knowledge_load(folder, err);

	if (!knowledge || remedies_check(knowledge, catalogue, err) < 0)
		return NULL;
	return TAKE(knowledge);
}

static int replay(const struct options *options, struct error *err)
{
	CLEANUP(knowledge) struct knowledge *knowledge = NULL;
	CLEANUP(predicates) struct predicates *predicates = NULL;
	CLEANUP(fd) int fd = open(options->replay, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	CLEANUP(json) json_t *bundle = NULL;
	CLEANUP(json) json_t *report = NULL;

	if (fd < 0)
		return error_errno(err, "open '%s'", options->replay);
	knowledge = load_knowledge(options->knowledge, err);
	if (!knowledge)
		return err->code;
	predicates = predicates_new(knowledge, err);
	if (!predicates || confine(err) < 0)
		return err->code;
	bundle = read_case(fd, options->replay, err);
	if (!bundle)
		return err->code;
	report = case_replay(bundle, predicates, catalogue, err);
	return report ? print(report, err) : err->code;
}

static int validate(const struct options *options, struct error *err)
{
	CLEANUP(knowledge) struct knowledge *knowledge = load_knowledge(options->validate, err);
	CLEANUP(predicates) struct predicates *predicates = NULL;
	int r;

	if (!knowledge)
		return err->code;
	predicates = predicates_new(knowledge, err);
	if (!predicates)
		return err->code;
	r = predicates_prepare(predicates, NULL, 0, err);
	if (r < 0)
		return r;
	r = printf("%zu causes, %zu findings\n", knowledge->n_causes, knowledge->n_findings);
	return r < 0 ? -EIO : 0;
}

static int deliver(struct channel *channel, const struct investigation *investigation,
		   json_t *report, struct error *err)
{
	CLEANUP(text) char *text = report_format(report);
	CLEANUP(json) json_t *bundle = case_new(investigation, report);
	CLEANUP(text) char *bundle_text = json_canonical(bundle);
	int r;

	channel->witness.tell(&channel->witness, "result", json_incref(report));
	r = channel_send(channel, "case", bundle_text, err);
	if (r < 0 && r != -E2BIG)
		return r;
	return channel_send(channel, "report", text, err);
}

/* What a thread keeps of a model's conversation; too large a one is not kept. */
static int deliver_conversation(struct channel *channel, const json_t *turns, struct error *err)
{
	CLEANUP(text) char *text = turns ? json_canonical(turns) : NULL;
	int r = text ? channel_send(channel, "conversation", text, err) : 0;

	return r == -E2BIG ? 0 : r;
}

static json_t *run_engine(struct channel *channel, struct investigation *investigation,
			  const struct driven *driven, struct error *err)
{
	uint64_t start_ns = clock_monotonic_ns();
	CLEANUP(json) json_t *conversation = NULL;
	CLEANUP(json) json_t *report = NULL;

	if (!driven_is_wanted(driven->start))
		return investigation_run(investigation, err);
	report = driven_run(investigation, driven, &conversation, err);
	if (!report || deliver_conversation(channel, conversation, err) < 0)
		return NULL;
	json_put(report, "elapsed_ms",
		 json_integer((json_int_t)((clock_monotonic_ns() - start_ns) / NS_PER_MS)));
	return TAKE(report);
}

static int answer_channel(struct channel *channel, struct learned *learned, struct error *err)
{
	CLEANUP(json) json_t *start = channel_start(channel, err);
	CLEANUP(json) json_t *available = start ? start_tools(start) : NULL;
	CLEANUP(json) json_t *report = NULL;
	CLEANUP(investigation) struct investigation investigation = { 0 };
	const struct driven driven = { &channel->line, start, &learned->skills };

	if (!start)
		return err->code;
	start_read(start, &investigation);
	investigation.available = available;
	investigation.tools = catalogue;
	investigation.predicates = learned->predicates;
	investigation.witness = &channel->witness;
	report = run_engine(channel, &investigation, &driven, err);
	return report ? deliver(channel, &investigation, report, err) : err->code;
}

/* Nobody is left without an investigation because a skill is wrong. */
static void read_skills(const struct options *options, struct skills *skills)
{
	struct error err = { 0 };

	if (skills_load(skills, options->skills, &err) < 0)
		log_warn("no skills: %s", err.text);
}

static void learned_cleanup(struct learned *learned)
{
	predicates_free(learned->predicates);
	skills_finish(&learned->skills);
}

static int investigate(const struct options *options, struct error *err)
{
	CLEANUP(knowledge) struct knowledge *knowledge = load_knowledge(options->knowledge, err);
	CLEANUP(learned) struct learned learned = { 0 };
	struct channel channel;

	channel_init(&channel, CHANNEL_FD);
	if (!knowledge)
		return err->code;
	read_skills(options, &learned.skills);
	learned.predicates = predicates_new(knowledge, err);
	if (!learned.predicates || confine(err) < 0)
		return err->code;
	return answer_channel(&channel, &learned, err);
}

/* In a child of the starter, for an owner that does not see how we end. */
static int investigate_for_owner(struct learned *learned, struct error *err)
{
	struct channel channel;
	struct error ignored = { 0 };
	int r = limit_self(err);

	channel_init(&channel, CHANNEL_FD);
	if (r == 0)
		r = confine(err);
	if (r == 0)
		r = answer_channel(&channel, learned, err);
	if (r < 0 && channel_send(&channel, "failure", err->text, &ignored) < 0)
		log_debug("nobody is told: %s", ignored.text);
	return r;
}

/* Until the first fork nothing but our own knowledge is read, and nothing after it. */
static int start_others(const struct options *options, struct error *err)
{
	CLEANUP(knowledge) struct knowledge *knowledge = NULL;
	CLEANUP(learned) struct learned learned = { 0 };
	int r;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, "prepare to start investigators");
	knowledge = load_knowledge(options->knowledge, err);
	if (!knowledge)
		return err->code;
	read_skills(options, &learned.skills);
	learned.predicates = predicates_new(knowledge, err);
	if (!learned.predicates || starter_say_ready(STDIN_FILENO, err) < 0)
		return err->code;
	/* Half a second, in which the owner can do other things. */
	r = predicates_prepare(learned.predicates, NULL, 0, err);
	if (r < 0)
		return r;
	r = starter_serve(STDIN_FILENO, err);
	return r == 1 ? investigate_for_owner(&learned, err) : r;
}

static int parse_options(int argc, char **argv, struct options *options)
{
	if (argc == 2 && strcmp(argv[1], "start") == 0) {
		options->starts = true;
		return 0;
	}
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--knowledge") == 0)
			options->knowledge = argv[i + 1];
		else if (strcmp(argv[i], "--skills") == 0)
			options->skills = argv[i + 1];
		else if (strcmp(argv[i], "--replay") == 0)
			options->replay = argv[i + 1];
		else if (strcmp(argv[i], "--validate") == 0)
			options->validate = argv[i + 1];
		else
			return -EINVAL;
	}
	return argc % 2 ? 0 : -EINVAL;
}

static int run(const struct options *options, struct error *err)
{
	int r;

	if (options->starts)
		return start_others(options, err);
	r = limit_self(err);
	if (r < 0)
		return r;
	if (options->validate)
		return validate(options, err);
	return options->replay ? replay(options, err) : investigate(options, err);
}

int main(int argc, char **argv)
{
	char knowledge[4096], skills[4096];
	struct options options = {
		.knowledge = default_folder("knowledge", knowledge),
		.skills = default_folder("skills", skills),
	};
	struct error err = { 0 };

	log_set("constable-investigator", LOG_LEVEL_WARN);
	if (parse_options(argc, argv, &options) < 0) {
		log_error("usage: constable-investigator [--knowledge DIR] [--skills DIR] "
			  "[--replay CASE | "
			  "--validate DIR] | start");
		return 2;
	}
	if (run(&options, &err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	return 0;
}
