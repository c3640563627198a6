/*
 * The tool: the one thing this system knows how to do.
 *
 * A tool takes JSON and gives JSON. Everything else in the tree decides whether
 * it may run (policy), runs it (job, sandbox), remembers that it ran (audit), or
 * lets somebody ask for it (surface).
 *
 * What a tool is (struct tool_info) is const data that every process may link;
 * how it runs (struct tool) is linked by job executables only. Both stand in one
 * file under tools/. The catalogue is printed from the job executables when the
 * tree is built.
 */
#pragma once

#include "base/json.h"
#include "host/host.h"

/* What a tool can do to the host, mildest first; policy compares these. */
enum tool_risk {
	TOOL_READS,   /* looks, and leaves the host as it was */
	TOOL_TRACES,  /* loads a program into the kernel for a while */
	TOOL_CHANGES, /* alters files, processes or configuration */
};

/* What a run needs beyond the read-only host view without network. */
enum tool_needs {
	TOOL_NEEDS_NOTHING = 0,
	TOOL_NEEDS_BROKER = 1 << 0,     /* what the walls blind, see call/broker.h */
	TOOL_NEEDS_ROOT_FILES = 1 << 1, /* any file under the roots that policy allows */
	TOOL_NEEDS_TARGETS = 1 << 2,    /* host network, to the targets it declares */
	TOOL_NEEDS_SYSTEMD = 1 << 3,    /* the system bus, read-only */
	TOOL_NEEDS_SCRIPT = 1 << 4,     /* runs a foreign program: an argv, a script */
	TOOL_NEEDS_HOST = 1 << 5,       /* changes the host: what the approval names */
	TOOL_NEEDS_LOGS = 1 << 6,       /* libsystemd's journal, libarchive's decoders */
	TOOL_NEEDS_TRACE = 1 << 7,      /* programs in the kernel that look */
	TOOL_NEEDS_PROCESSES = 1 << 8,  /* all processes at once, see host/process_stream.h */
	TOOL_NEEDS_STEWARD = 1 << 9,    /* signed programs: asks their steward, not the broker */
	TOOL_NEEDS_CASES = 1 << 10,     /* investigations that are kept, see call/cases.h */
};

/*
 * A result in short: "path: string, entries: [{name: string, target?: string}], ended:
 * integer|null".
 *
 * The members of an object by name; with ? where one may be missing, and * for any others. [T] is
 * any number of T, {...} an object, 'a'|'b' one of these texts. Of JSON Schema are string, integer,
 * number, boolean and null; 'any' is not told, 'unread' the list that tool_unread() makes. What a
 * helper puts into the results of several tools is a macro ..._RESULT beside its declaration.
 *
 * scripts/print-catalogue makes the JSON Schema of it, with the members that every result may have.
 * Objects stay open in it, as a later release may tell more.
 */
struct tool_info {
	const char *name;    /* unique and never renamed: it is the protocol */
	const char *summary; /* one sentence, read by people and by models */
	const char *schema;  /* JSON Schema of the arguments, see call/schema.h */
	const char *result;  /* what a run gives, in short: see below */
	/* Only in the printed catalogue: */
	const char *output_schema; /* JSON Schema of the result */
	const char *area;          /* its folder of tools/ */
	enum tool_risk risk;
	unsigned needs;      /* enum tool_needs */
	unsigned executable; /* enum job_executable: in whose table it stands */
	unsigned timeout_ms; /* 0: the default of 30 s */
	unsigned target;     /* with TOOL_NEEDS_TARGETS: enum sandbox_target */
	const char *plan;    /* NULL, or what it is instead of a run: see call/plan.h */
};

struct broker;
struct progress;
struct redactor;

/* What a run gets beside its arguments. */
struct task {
	struct host *host;
	struct broker *broker;     /* NULL where there is none: say so in the result */
	uint64_t deadline_ns;      /* monotonic; stop before it and mark the result truncated */
	struct progress *progress; /* see call/progress.h; NULL where nobody wants to know */
	struct redactor *redactor; /* for text that is cut; the whole result is redacted later */
	const struct buf *given;   /* with TOOL_NEEDS_CASES: see call/cases.h; NULL: nothing */
};

struct tool {
	struct tool_info info;

	/*
	 * Runs in the sandbox child, so it may block. 'args' already satisfies
	 * the schema. Fills 'result' and returns 0, or sets 'err' and returns its
	 * negative code. Members every result may carry: "truncated" (bool),
	 * "lost" (events), "unread" (see tool_unread()). NULL for a plan.
	 */
	int (*run)(struct task *task, const json_t *args, json_t *result, struct error *err);
};

/* Returns the tool of that name in a NULL-terminated table, or NULL. */
const struct tool *tool_find(const struct tool *const *table, const char *name);

/* Appends {"what", "why"} to result.unread: what could not be seen, and why. */
void tool_unread(json_t *result, const char *what, int code);

/* Appends what an answer of the broker says in its own "unread". */
void tool_unread_from(json_t *result, const json_t *answer);

const char *tool_risk_name(enum tool_risk risk);
