/*
 * Confinement of a process by itself, for good.
 *
 * The profile 'investigator': the investigation engine needs no host: it thinks about evidence and
 * talks over descriptors that are already open. Call this once everything is read. Afterwards the
 * process can open no file, start no program or process, make no socket, and gain no privilege;
 * what is open stays open.
 */
#pragma once

#include "base/error.h"
#include "call/sandbox/profile.h"

/* Fills the walls that stand now. A kernel without Landlock is no failure: the
 * system call filter alone refuses to open anything. */
int sandbox_confine_self(uint32_t *walls_out, struct error *err) MUST_CHECK;

/*
 * The same for the warden, behind which the launcher was forked before: it can
 * still open files, write its log and accept clients, but start no program or
 * process, make no socket, connect to nobody, and touch no other process, mount
 * or module. Users are to be looked up before: that may need sockets.
 */
int sandbox_confine_warden(uint32_t *walls_out, struct error *err) MUST_CHECK;

/*
 * The same for the owner of a database in files: it can open, write, rename and
 * remove files, but start no program or process, make no socket and connect to
 * nobody. Locks on files are to be taken before.
 */
int sandbox_confine_store(uint32_t *walls_out, struct error *err) MUST_CHECK;

/* What an agent, a server or a courier keeps; lists end with NULL. */
struct sandbox_home {
	const char *const *folders;  /* it may write there, and nowhere else */
	const char *const *programs; /* an agent may start these */
	const char *const *roots;    /* a server or a courier may read these as well */
};

/*
 * The same for the agent, which meets every foreign byte: it may read files, connect
 * out, accept clients, keep its own folder, and start the named programs; no other
 * program, no new listener, no other process, no privilege.
 */
int sandbox_confine_agent(const struct sandbox_home *home, uint32_t *walls_out,
			  struct error *err) MUST_CHECK;

/*
 * The same for the loader of a program that somebody signed: it may read files and put programs
 * into the kernel; it writes no file, starts nothing and speaks only over what is open.
 */
int sandbox_confine_loader(uint32_t *walls_out, struct error *err) MUST_CHECK;

/* The same for the guardian: it accepts clients and opens nothing. */
int sandbox_confine_guardian(uint32_t *walls_out, struct error *err) MUST_CHECK;

/*
 * The same for the server: it may accept clients, keep its folders and read what it hands
 * out, but start no program or process, make no socket, connect to nobody and signal nobody.
 */
int sandbox_confine_server(const struct sandbox_home *home, uint32_t *walls_out,
			   struct error *err) MUST_CHECK;

/*
 * The same for the courier: it may connect to IPv4 and IPv6 addresses, make threads, and read
 * its roots; it writes no file, starts no program or process, and nobody connects to it.
 */
int sandbox_confine_courier(const struct sandbox_home *home, uint32_t *walls_out,
			    struct error *err) MUST_CHECK;
