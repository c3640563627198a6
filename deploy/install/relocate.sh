#!/bin/sh
# Tells the programs of this bundle where their loader lies now: beside them. The kernel takes
# only a whole path for that, so room for 255 characters is kept in each program.
# usage: relocate [FOLDER]      else the one that this script lies in
set -eu
folder=${1:-$(dirname "$0")}
folder=$(cd "$folder" && pwd -P)

while read -r offset room file; do
	loader=$folder/lib/@LOADER@
	[ "${#loader}" -lt "$room" ] || {
		echo "relocate: the path $folder is too long; $((room - 32)) characters can be" >&2
		exit 11
	}
	# Slashes in front say the same, and fill the room.
	while [ "${#loader}" -lt "$((room - 1))" ]; do
		loader=/$loader
	done
	printf '%s' "$loader" |
		dd of="$folder/$file" bs=1 seek="$offset" conv=notrunc 2>/dev/null
done <"$folder/lib/interpreters"
