#!/bin/sh
# Removes what install and setup.sh put on this host from the bundle that this script lies in:
# services, programs, configuration, state, user.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
[ "$(id -u)" = 0 ] || { echo "constable: this needs root" >&2 && exit 1; }
case $here in
/ | /usr | /etc | /var | /opt | /home | /root) echo "constable: $here is no bundle" >&2 && exit 11 ;;
esac

# Those of further servers first: an instance has no file of its own.
if [ -d /run/systemd/system ]; then
	systemctl stop 'constable-agent@*.service' 'constable-warden@*.service' 2>/dev/null
	systemctl reset-failed 'constable-*@*.service' 2>/dev/null
fi
rm -f /etc/systemd/system/*.wants/constable-agent@*.service \
	/etc/systemd/system/*.wants/constable-warden@*.service
for unit in "$here"/lib/systemd/system/*.service; do
	unit=${unit##*/}
	[ ! -d /run/systemd/system ] || systemctl --quiet disable --now "$unit" 2>/dev/null
	[ ! -d /run/systemd/system ] || systemctl reset-failed "$unit" 2>/dev/null
	rm -rf "/etc/systemd/system/$unit" "/etc/systemd/system/$unit.d" \
		"/etc/systemd/system/multi-user.target.wants/$unit"
done
[ ! -d /run/systemd/system ] || systemctl daemon-reload
# What holds signed programs outlives the warden; nobody could take them out any more.
for process in /proc/[0-9]*; do
	case $(readlink "$process/exe" 2>/dev/null) in
	"$here"/libexec/constable/constable-guardian*) kill -KILL "${process#/proc/}" 2>/dev/null ;;
	esac
done
rm -f /etc/tmpfiles.d/constable.conf
[ "$(readlink /usr/local/bin/constable)" != "$here/bin/constable" ] || rm /usr/local/bin/constable
rm -rf /etc/constable /run/constable /var/lib/constable/warden /var/lib/constable/agent \
	/var/lib/constable/servers
find /sys/fs/cgroup -depth -type d -path '*/constable/launcher-*' -exec rmdir {} + 2>/dev/null
find /sys/fs/cgroup -maxdepth 2 -depth -type d -name constable -exec rmdir {} + 2>/dev/null
if rmdir /var/lib/constable 2>/dev/null; then
	userdel constable 2>/dev/null
	groupdel constable 2>/dev/null
fi
rm -rf "$here"
