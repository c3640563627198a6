#include "cli/program/program.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"

const struct command command_program = {
	.name = "program",
	.usage = "build DIR FOLDER\n"
		 "sign FOLDER --key-file FILE [--seq N] [--expires AFTER] [--hosts H,...] "
		 "[--min-agent VERSION]\n"
		 "sign FOLDER --vault-transit MOUNT/KEY [--vault-token-file FILE] [--seq N] "
		 "[--expires AFTER] [--hosts H,...] [--min-agent VERSION]\n"
		 "verify FOLDER --key-file FILE [--json]\n"
		 "apply FOLDER [--targets P=TARGET,...] [--params N=V,...] [--lists N=ITEM,...] "
		 "[--ttl AFTER] [--nonce NONCE] [--json]\n"
		 "set NAME [N=V ...] [--lists N=ITEM,...] [--nonce NONCE] [--json]\n"
		 "list [--org] [--json]\n"
		 "remove NAME [--nonce NONCE] [--json]\n"
		 "rollback NAME [--nonce NONCE] [--json]\n"
		 "rollbacks [--json]\n"
		 "release NAME [--nonce NONCE] [--json]\n"
		 "trust FILE\n"
		 "distrust KEY_ID\n"
		 "keys [--json]\n"
		 "push FOLDER [--json]\n"
		 "assign NAME [--hosts H,...] [--labels K=V,...] [--percent N] [--observe 5m] "
		 "[--targets P=TARGET,...] [--params N=V,...] [--lists N=ITEM,...] [--ttl AFTER] "
		 "[--json]\n"
		 "unassign NAME [--json]\n"
		 "revoke NAME [--json]",
	.summary = "Signed eBPF programs: made, signed, and attached for a while",
	.help = "An artifact is a FOLDER of three files: artifact.tar.zst, release.json and "
		"release.json.sig.\n\n"
		"  build     packs the files of DIR, manifest.json and the object that it names; "
		"the same\n"
		"            files give the same bytes\n"
		"  sign      says for whom and how long it is good, and signs exactly that; with\n"
		"            --vault-transit by a key that stays in the Vault of VAULT_ADDR\n"
		"  verify    checks signature, hash and manifest, in the order in which a host "
		"does\n"
		"  apply     attaches it to this host's kernel until its time is over; a newer "
		"version\n"
		"            takes the place of the one that is there\n"
		"  set       changes parameters and lists of one that is attached: all "
		"parameters at once\n"
		"  list      what is attached, and what ended lately and why\n"
		"  remove    takes one out before its time\n"
		"  rollback  takes one out, brings back the version before it, and puts its "
		"artifact\n"
		"            into quarantine\n"
		"  rollbacks what was rolled back and why, and what is in quarantine\n"
		"  release   lets what is in quarantine be applied again\n"
		"  trust     the org's registry takes what the key in FILE has signed; 'keys' "
		"lists them\n"
		"  push      puts a signed artifact into the registry\n"
		"  assign    says for which hosts it is; with --percent a share of them has it "
		"first, and\n"
		"            all others after --observe\n"
		"  unassign  hosts lose it, or go back to the release before\n"
		"  revoke    no host has it any more, for good\n\n"
		"NAME of the registry is a program's name, which means its newest release, "
		"NAME@VERSION or an id.\n"
		"Whose programs a host takes, and what they may, stands in "
		"/etc/constable/programs.json.\n",
	.run = program_run,
	.state = COMMAND_WITH_STATE,
};

int program_read_file(const char *folder, const char *name, struct buf *out, struct error *err)
{
	char path[4096];
	CLEANUP(fd) int fd = -1;
	int r;

	text_format(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_errno(err, "open '%s'", path);
	r = buf_read_fd(out, fd);
	if (r < 0)
		return error_set(err, r, "read '%s': %s", path, strerrordesc_np(-r));
	return out->dropped ? error_set(err, -E2BIG, "'%s' has more than %zu bytes", path, out->max)
			    : 0;
}
