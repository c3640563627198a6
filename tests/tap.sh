# Sourced by the end-to-end tests written in bash: TAP points, and a scratch
# folder that is gone at the end. $BUILD is the built tree (build/ unless set).
BUILD=${BUILD:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build}
N_POINTS=0 N_FAILED=0
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/constable-test.XXXXXX")

# Runs a command; the point holds if it succeeds: check PROMISE COMMAND...
check() {
	local promise=$1
	shift
	N_POINTS=$((N_POINTS + 1))
	if "$@"; then
		echo "ok $N_POINTS - $promise"
	else
		echo "not ok $N_POINTS - $promise"
		echo "# failed: $*"
		N_FAILED=$((N_FAILED + 1))
	fi
}

# same PROMISE IS EXPECTED
same() {
	check "$1" [ "$2" = "$3" ] || true
	[ "$2" = "$3" ] || printf '# is:       %s\n# expected: %s\n' "$2" "$3"
}

# skip PROMISE REASON: scripts/skips must list it.
skip() {
	N_POINTS=$((N_POINTS + 1))
	echo "ok $N_POINTS - $1 # SKIP $2"
}

# A test defines cleanup() to undo what it did to the machine; it always runs.
finish_tap() {
	local status=$?
	trap - EXIT
	! declare -F cleanup >/dev/null || cleanup
	rm -rf "$SCRATCH"
	echo "1..$N_POINTS"
	[ "$status" != 0 ] || [ "$N_FAILED" = 0 ] || status=1
	exit "$status"
}
trap finish_tap EXIT
trap 'exit 1' INT TERM HUP
