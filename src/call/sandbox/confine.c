#include "call/sandbox/confine.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "call/sandbox/filter_internal.h"
#include "call/sandbox/landlock_internal.h"

enum children {
	NO_CHILDREN,
	SOME_CHILDREN,
};

static int lower_limits(enum children children)
{
	static const struct {
		int what;
		rlim_t value;
	} limits[] = {
		{ RLIMIT_CORE, 1 }, /* not 0: 1 also keeps a piped core_pattern from running */
		{ RLIMIT_NPROC, 0 },
		{ RLIMIT_MEMLOCK, 0 },
		{ RLIMIT_MSGQUEUE, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct rlimit now, limit = { limits[i].value, limits[i].value };

		if (limits[i].what == RLIMIT_NPROC && children == SOME_CHILDREN)
			continue;
		if (getrlimit(limits[i].what, &now) < 0)
			return -errno;
		if (now.rlim_max >= limit.rlim_max && setrlimit(limits[i].what, &limit) < 0)
			return -errno;
	}
	return 0;
}

static int install_filter(unsigned calls)
{
	struct assembler code;
	struct sock_fprog program;
	int r = filter_build(&code, calls);

	if (r < 0)
		return r;
	program = (struct sock_fprog) { .len = (unsigned short)code.n, .filter = code.code };
	return filter_install(&program);
}

static int raise_walls(const struct rules *rules, const struct sandbox_home *home,
		       uint32_t *walls_out, struct error *err)
{
	bool makes_threads = rules->calls & CALLS_CLIENT;
	bool has_children = makes_threads || (home && home->programs);
	uint32_t walls = WALL_NO_NEW_PRIVS | WALL_SECCOMP | WALL_RLIMITS;
	int abi = rules->land == LAND_NONE ? 0 : landlock_abi(0);
	int r = lower_limits(has_children ? SOME_CHILDREN : NO_CHILDREN);

	if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = -errno;
	if (r == 0 && abi > 0) {
		r = landlock_restrict(&(struct land_request) {
			.kind = rules->land,
			.abi = abi,
			.target = rules->calls & CALLS_CONNECT ? target_of(TARGET_ANY_TCP) : NULL,
			.programs = home ? home->programs : NULL,
			.folders = home ? home->folders : NULL,
			.roots = home ? home->roots : NULL,
			.executable_fd = -1,
		});
		walls |= WALL_LANDLOCK;
	}
	if (r == 0)
		r = install_filter(rules->calls);
	if (r < 0)
		return error_set(err, r, "confine this process: %s", strerrordesc_np(-r));
	*walls_out = walls;
	return 0;
}

int sandbox_confine_self(uint32_t *walls_out, struct error *err)
{
	return raise_walls(rules_of(PROFILE_INVESTIGATOR), NULL, walls_out, err);
}

int sandbox_confine_warden(uint32_t *walls_out, struct error *err)
{
	return raise_walls(rules_of_warden(), NULL, walls_out, err);
}

int sandbox_confine_store(uint32_t *walls_out, struct error *err)
{
	return raise_walls(rules_of_store(), NULL, walls_out, err);
}

int sandbox_confine_loader(uint32_t *walls_out, struct error *err)
{
	return raise_walls(rules_of_loader(), NULL, walls_out, err);
}

int sandbox_confine_guardian(uint32_t *walls_out, struct error *err)
{
	return raise_walls(rules_of_guardian(), NULL, walls_out, err);
}

int sandbox_confine_agent(const struct sandbox_home *home, uint32_t *walls_out, struct error *err)
{
	return raise_walls(rules_of_agent(), home, walls_out, err);
}

int sandbox_confine_server(const struct sandbox_home *home, uint32_t *walls_out, struct error *err)
{
	return raise_walls(rules_of_server(), home, walls_out, err);
}

int sandbox_confine_courier(const struct sandbox_home *home, uint32_t *walls_out, struct error *err)
{
	return raise_walls(rules_of_courier(), home, walls_out, err);
}
