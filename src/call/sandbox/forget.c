/* What the launcher lets go of its parent. */
#include <link.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "call/sandbox/kernel_internal.h"
#include "call/sandbox/serve_internal.h"

/*
 * The warden's library, which no sandbox calls: a hundred pages that each would copy and let go.
 * This process keeps it, as what is shared with the warden costs nobody anything.
 */
static int spare_library(struct dl_phdr_info *object, size_t size UNUSED, void *cookie UNUSED)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	if (!strstr(object->dlpi_name, "/libcrypto.so"))
		return 0;
	for (unsigned i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t start = (object->dlpi_addr + part->p_vaddr) & ~(page - 1);
		uintptr_t end = object->dlpi_addr + part->p_vaddr + part->p_memsz;

		if (part->p_type == PT_LOAD)
			(void)madvise((void *)start, end - start, MADV_DONTFORK);
	}
	return 0;
}

void serve_forget_parent(int fd)
{
	sigset_t none;

	(void)prctl(PR_SET_NAME, "launcher", 0, 0, 0);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	(void)dl_iterate_phdr(spare_library, NULL);
	if (fd > 3)
		(void)close_range(3, (unsigned)fd - 1, 0);
	(void)close_range((unsigned)fd + 1, ~0U, 0);
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	(void)signal(SIGINT, SIG_IGN); /* of a terminal: the peer decides when to end */
	(void)signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}
