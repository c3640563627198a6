#include "diagnosis/wish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "diagnosis/question.h"
#include "kernel/trace/preset.h"

/* Of each preset (kernel/trace/preset.c), as somebody would ask. */
static const char *const plain_words[][2] = {
	{ "block-queue-depth", "How many requests are in flight in the disk's queue?" },
	{ "cgroup-throttling", "Which control groups are throttled because of their quota?" },
	{ "disk-latency", "How long do requests to the disk take?" },
	{ "disk-sizes", "How large are the requests to the disk, which sizes?" },
	{ "dns-latency", "How long do processes wait for DNS?" },
	{ "execs", "Which programs are started here?" },
	{ "exits", "Which processes end, and how?" },
	{ "file-opens", "Which files does nginx open?" },
	{ "lock-contention", "Who waits for locks inside the kernel?" },
	{ "offcpu", "How long is mysqld off the processor?" },
	{ "oom-kills", "Which processes are OOM killed?" },
	{ "page-allocations", "Who allocates memory pages?" },
	{ "page-faults", "Who causes all these page faults?" },
	{ "runq-latency", "How long do processes wait for a processor?" },
	{ "signals", "Who sends which signal to whom?" },
	{ "softirqs", "How much time goes into soft interrupts?" },
	{ "syscalls", "Which system calls does it make, and how often do they fail?" },
	{ "tcp-connects", "Who connects where?" },
	{ "tcp-handshakes", "How long do TCP connections take to be made?" },
	{ "tcp-lifetimes", "How long do TCP connections last?" },
	{ "tcp-resets", "Which peers reset TCP connections?" },
	{ "tcp-retransmits", "To whom do we retransmit TCP segments?" },
	{ "vfs-latency", "How long do reading and writing files take?" },
};

static struct knowledge *load_knowledge(void)
{
	struct error err = { 0 };
	char path[4096];
	struct knowledge *knowledge;

	(void)snprintf(path, sizeof(path), "%s/knowledge", getenv("SOURCE_DIR"));
	knowledge = knowledge_load(path, &err);
	if (!knowledge)
		fail_msg("%s", err.text);
	return knowledge;
}

/* What the question asks for by itself: the preset, or "". */
static const char *preset_of(const struct knowledge *knowledge, const char *question)
{
	CLEANUP(json) json_t *asked = question_parse(question, 900);
	const struct wish *wish = wish_of(knowledge, asked);

	return wish ? json_get_text(wish->inquiry.args, "preset", "?") : "";
}

TEST(each_preset_is_asked_for_in_plain_words)
{
	CLEANUP(knowledge) struct knowledge *knowledge = load_knowledge();

	for (size_t i = 0; i < ARRAY_LEN(plain_words); i++)
		if (strcmp(preset_of(knowledge, plain_words[i][1]), plain_words[i][0]) != 0)
			fail_msg("'%s' asks for '%s', not %s", plain_words[i][1],
				 preset_of(knowledge, plain_words[i][1]), plain_words[i][0]);
}

TEST(nobody_forgets_a_preset)
{
	CLEANUP(knowledge) struct knowledge *knowledge = load_knowledge();

	for (const struct trace_preset *at = trace_presets; at->name; at++) {
		size_t i = 0;

		while (i < ARRAY_LEN(plain_words) && strcmp(plain_words[i][0], at->name) != 0)
			i++;
		if (i == ARRAY_LEN(plain_words))
			fail_msg("nobody asks for %s", at->name);
	}
	for (size_t i = 0; i < knowledge->n_wishes; i++)
		CHECK(trace_preset_find(
			json_get_text(knowledge->wishes[i].inquiry.args, "preset", "")));
}

/* Who looks for a fault is not made to wait for what he did not ask. */
TEST(a_complaint_asks_for_nothing_by_itself)
{
	static const char *const complaints[] = {
		"why is this host so slow?",
		"the disk is full and nothing can be written",
		"my worker keeps disappearing, what kills it?",
		"the server does not accept connections any more, why?",
		"names resolve slowly, every lookup has a delay",
		"",
	};
	CLEANUP(knowledge) struct knowledge *knowledge = load_knowledge();

	for (size_t i = 0; i < ARRAY_LEN(complaints); i++)
		CHECK_TEXT(preset_of(knowledge, complaints[i]), "");
}
