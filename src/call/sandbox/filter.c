#include "call/sandbox/filter_internal.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call/sandbox/calls_internal.h"
#include "call/sandbox/checks_internal.h"

/* What happens to each number: an action or one of the checks. */
struct verdicts {
	uint8_t of[CALLS_KNOWN + 1];
};

static void set_all(struct verdicts *verdicts, const int *calls, enum check verdict)
{
	for (; *calls >= 0; calls++)
		if (*calls <= CALLS_KNOWN)
			verdicts->of[*calls] = verdict;
}

static void set_one(struct verdicts *verdicts, int call, enum check verdict)
{
	if (call >= 0 && call <= CALLS_KNOWN)
		verdicts->of[call] = verdict;
}

/* The checks of every profile but 'full', which changes the host anyway. */
static void set_checks(struct verdicts *verdicts, unsigned calls)
{
	set_one(verdicts, SYS_ioctl, CHECK_IOCTL);
	set_one(verdicts, SYS_fcntl, CHECK_FCNTL);
	set_one(verdicts, SYS_prctl, CHECK_PRCTL);
	set_one(verdicts, SYS_prlimit64, CHECK_OWN_PID);
	set_one(verdicts, SYS_socketpair, CHECK_SOCKETPAIR);
	set_one(verdicts, SYS_socket, CHECK_SOCKET);
	if (calls & CALLS_BROKER) {
		set_all(verdicts, calls_fork_of_arch, CHECK_EPERM);
		set_one(verdicts, SYS_openat, CHECK_OPENAT);
		set_one(verdicts, calls_open_of_arch, CHECK_OPEN);
		set_one(verdicts, SYS_openat2, CHECK_ENOSYS);
		set_one(verdicts, SYS_syslog, CHECK_SYSLOG);
		/* To read the clock's state; to set it takes a capability it has not. */
		set_one(verdicts, SYS_adjtimex, CHECK_ALLOW);
		set_one(verdicts, SYS_clock_adjtime, CHECK_ALLOW);
	}
}

/* What a client of the network has beyond what is open, with its arguments checked. */
static void set_client(struct verdicts *verdicts)
{
	set_all(verdicts, calls_client, CHECK_ALLOW);
	set_all(verdicts, calls_client_of_arch, CHECK_ALLOW);
	set_one(verdicts, SYS_openat, CHECK_OPENAT);
	set_one(verdicts, calls_open_of_arch, CHECK_OPEN);
	set_one(verdicts, SYS_openat2, CHECK_ENOSYS);
	set_one(verdicts, SYS_socket, CHECK_SOCKET);
	set_one(verdicts, SYS_socketpair, CHECK_SOCKETPAIR);
	set_one(verdicts, SYS_prlimit64, CHECK_OWN_PID);
}

static void judge(struct verdicts *verdicts, unsigned calls)
{
	memset(verdicts->of, calls & CALLS_HOST ? CHECK_ALLOW : CHECK_EPERM, sizeof(verdicts->of));
	set_all(verdicts, calls_hostile, CHECK_EPERM);
	set_all(verdicts, calls_hostile_of_arch, CHECK_EPERM);
	set_all(verdicts, calls_base, CHECK_ALLOW);
	set_all(verdicts, calls_base_of_arch, CHECK_ALLOW);
	if (calls & CALLS_METADATA) {
		set_all(verdicts, calls_metadata, CHECK_ALLOW);
		set_all(verdicts, calls_metadata_of_arch, CHECK_ALLOW);
	}
	if (calls & CALLS_PROCESS)
		set_all(verdicts, calls_process, CHECK_ALLOW);
	if (calls & (CALLS_CONNECT | CALLS_UNIX))
		set_all(verdicts, calls_connect, CHECK_ALLOW);
	if (calls & CALLS_AGENT)
		set_all(verdicts, calls_agent, CHECK_ALLOW);
	if (calls & CALLS_LOCK)
		set_all(verdicts, calls_lock, CHECK_ALLOW);
	if (calls & CALLS_LISTEN)
		set_all(verdicts, calls_listen, CHECK_ALLOW);
	if (calls & CALLS_CONFINE)
		set_all(verdicts, calls_confine, CHECK_ALLOW);
	if (calls & CALLS_TRACE)
		set_all(verdicts, calls_trace, CHECK_ALLOW);
	if (!(calls & CALLS_HOST))
		set_checks(verdicts, calls);
	set_one(verdicts, SYS_clone3, CHECK_ENOSYS);
	if (calls & CALLS_STILL) {
		set_all(verdicts, calls_acquire, CHECK_EPERM);
		set_all(verdicts, calls_acquire_of_arch, CHECK_EPERM);
	}
	if (calls & CALLS_CLIENT)
		set_client(verdicts);
	if (calls & CALLS_KEEP)
		set_all(verdicts, calls_keep, CHECK_ALLOW);
	set_one(verdicts, SYS_clone,
		calls & CALLS_CLIENT                   ? CHECK_THREAD
		: calls & (CALLS_BROKER | CALLS_STILL) ? CHECK_EPERM
						       : CHECK_CLONE);
}

/* --- the tree over pieces of the numbers -------------------------------------------- */

#define PIECE_EXCEPTIONS 3

/* Numbers with one verdict, from 'first' up to the next piece, but for a few. */
struct piece {
	uint16_t first;
	uint8_t verdict;
	uint8_t n;
	uint16_t exceptions[PIECE_EXCEPTIONS];
};

struct pieces {
	struct piece of[CALLS_KNOWN + 2];
	unsigned n;
};

static void begin_piece(struct pieces *pieces, unsigned first, uint8_t verdict)
{
	pieces->of[pieces->n++] = (struct piece) { .first = (uint16_t)first, .verdict = verdict };
}

/* One number that differs from those on both sides costs one comparison, where a
 * piece of its own would cost two. */
static void find_pieces(const struct verdicts *verdicts, struct pieces *pieces)
{
	const uint8_t *of = verdicts->of;

	pieces->n = 0;
	begin_piece(pieces, 0, of[0]);
	for (unsigned i = 1; i <= CALLS_KNOWN; i++) {
		struct piece *piece = &pieces->of[pieces->n - 1];

		if (of[i] == piece->verdict)
			continue;
		if (i < CALLS_KNOWN && of[i + 1] == piece->verdict && piece->n == PIECE_EXCEPTIONS)
			begin_piece(pieces, i, piece->verdict);
		else if (i == CALLS_KNOWN || of[i + 1] != piece->verdict) {
			begin_piece(pieces, i, of[i]);
			continue;
		}
		piece = &pieces->of[pieces->n - 1];
		piece->exceptions[piece->n++] = (uint16_t)i;
	}
	begin_piece(pieces, CALLS_KNOWN + 1, CHECK_ENOSYS);
}

struct search {
	struct assembler *code;
	const struct verdicts *verdicts;
	unsigned near[CHECK_N]; /* labels that every instruction of the tree can reach */
};

static void add_piece(const struct search *search, const struct piece *piece)
{
	for (unsigned i = 0; i < piece->n; i++) {
		unsigned number = piece->exceptions[i];
		unsigned label = search->near[search->verdicts->of[number]];

		if (i + 1 == piece->n)
			assembler_branch(search->code, BPF_JEQ, number, label,
					 search->near[piece->verdict]);
		else
			assembler_jump_if(search->code, BPF_JEQ, number, label);
	}
}

/* Where to go for these: to their verdict at once, or to instructions still to come. */
static unsigned entry_of(const struct search *search, const struct piece *pieces, unsigned n)
{
	return n == 1 && !pieces->n ? search->near[pieces->verdict] : assembler_label(search->code);
}

/*
 * Binary, and not one comparison after the other: the kernel runs the filter
 * once per number when it is installed, to learn which are always allowed. And
 * short: it is translated each time that it is installed, which is most of what
 * a sandbox costs.
 */
static void add_search(const struct search *search, const struct piece *pieces, unsigned n)
{
	unsigned half = n / 2, lower, upper;

	if (n == 1) {
		add_piece(search, pieces);
		return;
	}
	lower = entry_of(search, pieces, half);
	upper = entry_of(search, pieces + half, n - half);
	assembler_branch(search->code, BPF_JGE, pieces[half].first, upper, lower);
	if (half > 1 || pieces->n) {
		assembler_mark(search->code, lower);
		add_search(search, pieces, half);
	}
	if (n - half > 1 || pieces[half].n) {
		assembler_mark(search->code, upper);
		add_search(search, pieces + half, n - half);
	}
}

/* The checks lie farther away than a branch can jump: stepping stones lead there. */
static void add_stones(struct search *search, const unsigned labels[CHECK_N])
{
	for (unsigned i = 0; i < CHECK_N; i++) {
		if (search->near[i] == labels[i] ||
		    !memchr(search->verdicts->of, (int)i, CALLS_KNOWN + 1))
			continue;
		assembler_mark(search->code, search->near[i]);
		assembler_jump(search->code, labels[i]);
	}
}

static bool is_plain(enum check check)
{
	return check == CHECK_ALLOW || check == CHECK_EPERM || check == CHECK_ENOSYS;
}

int filter_build(struct assembler *code, unsigned calls)
{
	struct verdicts verdicts;
	struct pieces pieces;
	struct search search = { .code = code, .verdicts = &verdicts };
	unsigned labels[CHECK_N], native;

	judge(&verdicts, calls);
	find_pieces(&verdicts, &pieces);
	assembler_init(code);
	for (unsigned i = 0; i < CHECK_N; i++) {
		labels[i] = assembler_label(code);
		search.near[i] = is_plain(i) ? labels[i] : assembler_label(code);
	}
	native = assembler_label(code);
	assembler_load(code, offsetof(struct seccomp_data, arch));
	assembler_jump_if(code, BPF_JEQ, calls_audit_arch, native);
	assembler_return(code, SECCOMP_RET_KILL_PROCESS);
	assembler_mark(code, native);
	assembler_load(code, offsetof(struct seccomp_data, nr));
	add_search(&search, pieces.of, pieces.n);
	add_stones(&search, labels);
	checks_add(code, calls, labels);
	return assembler_finish(code);
}

int filter_install(const struct sock_fprog *program)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) < 0 ? -errno : 0;
}
