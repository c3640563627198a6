#!/bin/sh
# Who waited for a processor and who had it, for some seconds: no load average says that, and
# no usage in percent. All threads of a process count together.
#
# usage: cpu-wait.sh [SECONDS [PROCESSES]]
seconds=${1:-5}
rows=${2:-15}

case $seconds:$rows in
[1-9]:[1-9] | [1-9]:[1-9][0-9] | 1[0-5]:[1-9] | 1[0-5]:[1-9][0-9]) ;;
*)
	echo "usage: cpu-wait.sh [SECONDS, 1 to 15 [PROCESSES, 1 to 99]]" >&2
	exit 2
	;;
esac

if ! [ -r /proc/self/schedstat ]; then
	echo "this kernel does not count who waits: /proc/PID/schedstat is not there" >&2
	exit 1
fi

# "at UPTIME", then of each thread "PATH RAN_NS WAITED_NS SLICES"
look() {
	read -r uptime _ </proc/uptime
	echo "at $uptime"
	printf '%s\n' /proc/[0-9]*/task/[0-9]*/schedstat |
		awk '{ if ((getline figures < $0) > 0) print $0, figures; close($0) }' 2>/dev/null
}

{ look && sleep "$seconds" && look; } | awk -v rows="$rows" '
	$1 == "at" { at[++n] = $2; next }
	n == 1 { ran[$1] = $2; waited[$1] = $3; next }
	$1 in ran {
		split($1, part, "/")
		pid = part[3]
		n_threads[pid]++
		had[pid] += $2 - ran[$1]
		lacked[pid] += $3 - waited[$1]
	}
	END {
		per_s = (at[2] - at[1]) * 1e6
		for (pid in lacked) {
			all_had += had[pid]
			all_lacked += lacked[pid]
		}
		printf "in %.1f s, milliseconds per second: all processes waited %.0f and ran %.0f\n", \
			at[2] - at[1], all_lacked / per_s, all_had / per_s
		print "waited ran threads pid command"
		fflush()
		sort = "sort -rn | head -n " rows
		for (pid in lacked) {
			if (lacked[pid] + had[pid] < per_s / 10)
				continue
			name = "?"
			path = "/proc/" pid "/comm"
			getline name < path
			close(path)
			printf "%.1f %.1f %d %d %s\n", lacked[pid] / per_s, had[pid] / per_s, \
				n_threads[pid], pid, name | sort
		}
		close(sort)
	}'
