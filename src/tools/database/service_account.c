#include "tools/database/service_account.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

int service_account_become(const struct account *owner, struct error *err)
{
	if (geteuid() != 0 || owner->uid == 0 || owner->uid == (uid_t)-1)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(owner->gid, owner->gid, owner->gid) < 0 ||
	    setresuid(owner->uid, owner->uid, owner->uid) < 0)
		return error_errno(err, "become %s", owner->name);
	return 0;
}

const char *service_account_role(const struct account *owner, char name[ACCOUNT_NAME_BYTES])
{
	struct passwd entry, *found = NULL;
	char memory[4 * KIB];
	const char *role = owner->name;

	if (geteuid() != owner->uid &&
	    getpwuid_r(geteuid(), &entry, memory, sizeof(memory), &found) == 0 && found)
		role = entry.pw_name;
	text_format(name, ACCOUNT_NAME_BYTES, "%s", role);
	return name;
}
