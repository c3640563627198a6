/*
 * Refuses to start the programs of a list, for everybody on the host: by the path of the file that
 * would run, after links were followed. A file whose path has no room is refused as well, as nobody
 * can say that it is none of them.
 */
#include "../list.h"

#define REFUSE (-1) /* EPERM */
#define TOO_LONG (-36)

struct linux_binprm {
	struct file *file;
} OF_KERNEL;

PATH_LIST(denied, 1024);
LEASE;

enum {
	DENIED,
	N_COUNTS,
};

COUNTS(N_COUNTS);

static long (*const path_text)(struct path *path, char *to, u32 size) = (void *)147;

SECTION("lsm/bprm_check_security")
int exec_deny(const u64 *context)
{
	struct linux_binprm *program = (void *)context[0];
	int before = (int)context[1];
	struct path_key key = { 0 }; /* here, as another start may come between on this processor */
	u64 *n;
	long len;

	if (before || LEASE_IS_OVER())
		return before;
	len = path_text(&program->file->f_path, key.text, sizeof(key.text));
	if (len > 0)
		key.bits = (u32)len * 8;
	n = len > 0 ? list_find(LIST_NOW(denied), &key) : NULL;
	if (n)
		__sync_fetch_and_add(n, 1);
	if (!n && len != TOO_LONG)
		return 0;
	COUNT(DENIED);
	return REFUSE;
}

LICENSE("GPL");
