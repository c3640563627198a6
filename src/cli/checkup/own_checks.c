#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/ask/investigator.h"
#include "cli/checkup/checkup.h"
#include "cli/places.h"
#include "cli/settings.h"
#include "cli/terminal/amount.h"

#define ROOM_BYTES (64 * MIB)

static void check_executables(struct checkup *checkup)
{
	static const char *const programs[] = {
		"constable-warden",  "constable-broker",      "constable-investigator",
		"constable-job",     "constable-job-bpf",     "constable-job-archive",
		"constable-job-net", "constable-job-systemd", "constable-loader",
		"constable-steward", "constable-prober",      "constable-guardian",
		"constable-program",
	};
	char path[PLACES_PATH_BYTES + 64];
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		text_format(path, sizeof(path), "%s/%s", checkup->cli->executables, programs[i]);
		if (access(path, X_OK) == 0)
			n++;
		else
			checkup_say(
				checkup, CHECK_FAIL, "executables",
				"build or install again; --executables-dir names another folder",
				"%s: %s", path, strerrordesc_np(errno));
	}
	if (n == ARRAY_LEN(programs))
		checkup_say(checkup, CHECK_OK, "executables", NULL, "all %u in %s", n,
			    checkup->cli->executables);
}

static void check_knowledge(struct checkup *checkup)
{
	char said[256];
	struct error err = { 0 };

	if (investigate_validate(checkup->cli, said, sizeof(said), &err) == 0)
		checkup_say(checkup, CHECK_OK, "knowledge", NULL, "%s in %s", said,
			    checkup->cli->knowledge);
	else
		checkup_say(checkup, CHECK_FAIL, "knowledge",
			    "correct the file, or name another folder with --knowledge-dir", "%s",
			    err.text);
}

static void check_configuration(struct checkup *checkup)
{
	const char *path = settings_path();

	/* A bad one would have ended the command before this. */
	if (access(path, F_OK) == 0)
		checkup_say(checkup, CHECK_OK, "configuration", NULL, "%s", path);
	else
		checkup_say(checkup, CHECK_OK, "configuration", NULL,
			    "none at %s: defaults and environment", path);
}

static void check_room(struct checkup *checkup, const char *path)
{
	char left[AMOUNT_TEXT_BYTES];
	struct statvfs about;
	double bytes;

	if (statvfs(path, &about) < 0)
		return;
	bytes = (double)about.f_bavail * (double)about.f_frsize;
	amount_bytes(bytes, left);
	if (about.f_files && !about.f_favail)
		checkup_say(checkup, CHECK_WARN, "room for state",
			    "free some inodes; calls that change something are refused until then",
			    "no free inode where %s lies", path);
	else if (bytes < ROOM_BYTES)
		checkup_say(checkup, CHECK_WARN, "room for state",
			    "free some space; the audit log goes on in its reserve until then",
			    "%s left where %s lies", left, path);
	else
		checkup_say(checkup, CHECK_OK, "room for state", NULL, "%s left", left);
}

static void check_state(struct checkup *checkup)
{
	const char *path = checkup->cli->state;
	struct stat about;

	if (stat(path, &about) < 0 || access(path, W_OK | X_OK) < 0) {
		checkup_say(checkup, CHECK_FAIL, "state folder",
			    "name one that you may write with CONSTABLE_STATE_DIR or --state-dir",
			    "%s: %s", path, strerrordesc_np(errno));
		return;
	}
	if (about.st_uid != geteuid() || (about.st_mode & 077))
		checkup_say(checkup, CHECK_WARN, "state folder",
			    "chown it to you and chmod it 0700",
			    "%s is open to others (mode %04o, uid %u)", path, about.st_mode & 07777,
			    (unsigned)about.st_uid);
	else
		checkup_say(checkup, CHECK_OK, "state folder", NULL, "%s", path);
	check_room(checkup, path);
}

void own_checks(struct checkup *checkup)
{
	checkup->area = "Constable";
	check_executables(checkup);
	check_knowledge(checkup);
	check_configuration(checkup);
	check_state(checkup);
}
