#!/bin/sh
# Makes the unpacked bundle that this script lies in a part of the system: user, folders, units,
# configuration. What is configured and what state there is stays. setup.sh runs it.
# Exit status as setup.sh has it: 10 a folder, 11 the programs, 12 systemd.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)

fail() {
	status=$1
	shift
	echo "constable: $*" >&2
	exit "$status"
}

make_user() {
	if command -v systemd-sysusers >/dev/null && systemd-sysusers "$here/lib/sysusers.conf"; then
		return
	fi
	getent group constable >/dev/null || groupadd --system constable || return 1
	getent passwd constable >/dev/null || useradd --system --gid constable \
		--home-dir /var/lib/constable --no-create-home --shell /usr/sbin/nologin constable
}

make_folder() {
	if ! { mkdir -p "$3" && chmod "$1" "$3" && chown "$2" "$3"; }; then
		fail 10 "the folder $3 could not be made"
	fi
}

[ "$(id -u)" = 0 ] || fail 1 "this needs root"
"$here/relocate" || fail 11 "the programs could not be told where they lie"
"$here/bin/constable" --version >/dev/null || fail 11 "the programs do not run on this host"
make_user || fail 11 "the user constable could not be made"
make_folder 755 root:root /var/lib/constable
make_folder 700 root:root /var/lib/constable/warden
make_folder 700 constable:constable /var/lib/constable/agent
make_folder 755 root:constable /run/constable
make_folder 755 root:root /etc/constable
for file in policy agent.yaml; do
	[ -e "/etc/constable/$file" ] || cp "$here/etc/$file" "/etc/constable/$file" ||
		fail 11 "/etc/constable/$file could not be written"
done
ln -sfn "$here/bin/constable" /usr/local/bin/constable ||
	fail 11 "/usr/local/bin/constable could not be made"
mkdir -p /etc/tmpfiles.d || fail 10 "the folder /etc/tmpfiles.d could not be made"
cp "$here/lib/tmpfiles.conf" /etc/tmpfiles.d/constable.conf ||
	fail 11 "/etc/tmpfiles.d could not be written"
for unit in "$here"/lib/systemd/system/*.service; do
	sed -e "s,/usr/libexec/constable,$here/libexec/constable,g" \
		-e "s,/usr/share/doc/constable,$here/share/doc,g" "$unit" \
		>"/etc/systemd/system/${unit##*/}" || fail 12 "${unit##*/} could not be installed"
done
# Without systemd, as in an image that is being built, the units wait for it.
[ ! -d /run/systemd/system ] || systemctl daemon-reload || fail 12 "systemd takes no new units"
