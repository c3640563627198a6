# Words for predicates. There is no clock: tools say how long ago something happened.

# Seconds ago that lie in the window of the question, which is never taken shorter than 15 minutes.
def recent($asked): . != null and . <= ([$asked.since_s, 900] | max);

# Still going on: within the last two and a half minutes.
def just_now: . != null and . <= 150;

# A file system that holds data, once: no pseudo file system, no image that is always full.
def real_filesystem:
  (.pseudo | not) and (.read_only | not) and (.image | not) and (.hidden | not)
  and (.total_bytes // 0) >= 1048576;

# "12.3 GB" for people.
def size:
  if . == null then "an unknown size"
  elif . >= 1e9 then "\(. / 1e8 | floor / 10) GB"
  elif . >= 1e6 then "\(. / 1e5 | floor / 10) MB"
  elif . >= 1e3 then "\(. / 1e2 | floor / 10) kB"
  else "\(.) bytes" end;

# One decimal place.
def tenth: if type == "number" then . * 10 | floor / 10 else . end;

# Whether a text contains one of these, which are given in lower case.
def mentions($parts): (. // "" | ascii_downcase) as $text | any($parts[]; . as $part | $text | contains($part));

# Whether a text contains a name that the question names.
def asked_about($asked): (. // "" | ascii_downcase) as $text
  | any($asked.names[]; . as $name | ($name | length) > 2 and ($text | contains($name)));

# Paths: the errors in logs (of find_log_errors) that are in the window and mention one of these.
def log_errors($asked; $parts):
  .files[] | .modified_s_ago as $age
  | .errors[]? | select(if .seconds_ago != null then .seconds_ago | recent($asked) else $age != null and $age <= 300 end)
  | select(.text | mentions($parts));

# The same in logs whose name the question names.
def asked_log_errors($asked; $parts): .files[] | select(.path | asked_about($asked)) | .modified_s_ago as $age
  | .errors[]? | select(if .seconds_ago != null then .seconds_ago | recent($asked) else $age != null and $age <= 300 end)
  | select(.text | mentions($parts));

# Paths: the lines in the journal of a unit (of get_service) that are in the window and mention one of these;
# a unit that runs has to say it again and again.
def unit_says($asked; $parts): . as $unit | .log.lines[]?
  | select((.seconds_ago | recent($asked)) and (.text | mentions($parts)))
  | select($unit.active != "active" or ([$unit.log.lines[]
      | select((.seconds_ago | recent($asked)) and (.text | mentions($parts)))] | length) >= 3);

# Whether the name of a unit is one that the question names: "postgres" names postgresql@15-main.service.
def is_named($asked): (. // "" | ascii_downcase) as $unit | ($unit | test("^systemd-|getty") | not)
  and any($asked.names[]; . as $name | ($name | length) > 2 and ($unit | startswith($name))
    and ($unit[($name | length):] | test("^[a-z0-9]{0,3}(@[^.]*)?([.]service)?$")));

# A unit that failed, or starts again and again.
def in_trouble: .active == "failed" or .sub == "auto-restart";

# Whether the question is about something that died.
def asked_about_a_death($asked): $asked.text
  | mentions(["kill", "oom", "died", "dies", "die ", "disappear", "vanish", "terminat", "137"]);

# Whether it is about something that ends and comes back, for which there are many reasons.
def asked_about_restarts($asked): $asked.text | mentions(["crash", "restart", "gone"]);

# Whether it is about something that does not start or does not run, and not merely about one that is slow.
def asked_about_a_start($asked): $asked.text
  | mentions([" start", " come up", " coming up", " came up", " boot", " launch", " crash", " exit", " die", " dead", " down ",
    " fail", " broke", " break", " not run", " deploy", " upgrade", " update", " install", " not work", " gone ", " stopped"]);

# The cgroup whose limit an OOM kill was for: "/" is the host; null where the kernel, rate limited, did not say.
def oom_cgroup: .limit_cgroup // .cgroup
  // (if .line // "" | test("memory cgroup out of memory"; "i") then null else "/" end);

# Whether that cgroup, or the host, is still there to be killed in again.
def oom_can_recur($all): oom_cgroup as $cgroup | $cgroup == "/"
  or any($all.get_memory.cgroups[]?; if $cgroup then .cgroup == $cgroup else (.oom_kills // 0) > 0 end);

# Whether a line of the kernel is about the device of a file system that is mounted read-only now.
def is_of_a_read_only_mount($all): . as $line
  | any($all.list_filesystems.filesystems[]?; .read_only and (.source // "" | startswith("/dev/"))
    and ((.source | split("/") | last) as $device | $line | test("\\b\($device | gsub("[^A-Za-z0-9_-]"; "."))\\b|\\(dm-")));

# Whether a query of PostgreSQL (of longest_queries) spent the samples waiting for these types; without samples: at that moment.
def mostly_waits_for($types): [.waits // {} | to_entries[]] as $waits
  | if ($waits | length) > 0
    then ([$waits[] | select(.key | split(":")[0] | IN($types[])) | .value] | add // 0) * 2 >= ([$waits[].value] | add)
    else .wait_event_type // "CPU" | IN($types[]) end;

# How many samples of the sessions of PostgreSQL (of wait_events) wait for the disk, also through another that writes the log, reads
# the page or makes the file longer.
def io_waits: [.counts | to_entries[]
  | select(.key | test("^IO:|^LWLock:WAL|BufferIO|BufferMapping|^Lock:extend$")) | .value] | add // 0;

# Whether a log is written by the program itself, and not by one that writes what others say or starts them anew.
def is_by_itself: .writer | . != null and (.comm // "" | test("^(sh|bash|dash|ash|zsh|ksh|runsv|svlogd|s6-|daemontools|multilog|cronolog|rotatelogs|logger$|tee$|pm2|God |monit)|syslog|journal|supervis|containerd|docker|conmon|crio|kubelet|fluent|filebeat|vector|^constable") | not);

# Whether the writer of the log $file was there before an error, and after.
def outlived($file): .seconds_ago != null and ($file | is_by_itself) and .seconds_ago + 1 < $file.writer.started_s_ago and ($file.modified_s_ago // 1e9) + 1 < $file.writer.started_s_ago;

# As log_errors, without what a program has outlived: that did not end it.
def crash_errors($asked; $parts):
  .files[] | . as $file | .modified_s_ago as $age
  | .errors[]? | select(if .seconds_ago != null then .seconds_ago | recent($asked) else $age != null and $age <= 300 end)
  | select(.text | mentions($parts)) | select(outlived($file) | not);

# Whether a line of a log is about what the program depends on, which other causes are about.
def is_of_a_dependency: mentions(["connection refused", "timed out", "name resolution", "permission denied", "no space left", "too many open files",
    "address already in use", "certificate", "password", "authentication", "access denied", "oom command", "misconf", "too many clients",
    "network is unreachable", "no route to host", "connection reset"]);

# Whether a line of a log is an error of the program itself, and not of what it depends on.
def is_own_error: mentions(["keyerror", "typeerror", "valueerror", "attributeerror", "nameerror", "indexerror", "zerodivisionerror",
    "assertionerror", "runtimeerror", "nullpointerexception", "nullreferenceexception", "illegalstateexception", "illegalargumentexception",
    "referenceerror", "undefined method", "undefined variable", "undefined index", "undefined array key", "unhandled exception",
    "uncaught", "panic", "nil pointer", "index out of range", "operationalerror", "programmingerror", "integrityerror",
    "database is locked", "does not exist", "unknown column", "no such table", "no such column", "syntax error", "assertion"])
  and (is_of_a_dependency | not);

# Whether an error of the log $file is the program's own, and it goes on and makes it again and again until now.
def is_repeated_by($file): (.count // 1) >= 3 and (.seconds_ago // 1e9) <= 150 and (.text | is_own_error)
  and ($file | is_by_itself) and ((.first_seconds_ago // .seconds_ago) < $file.writer.started_s_ago) and outlived($file);

# What logs say of a connection that could not be made.
def connection_errors: ["connection refused", "econnrefused", "connect: refused", "actively refused", "connection timed out",
  "connect timed out", "connection timeout", "connect timeout", "connecttimeout", "etimedout", "i/o timeout", "no route to host",
  "ehostunreach", "host is unreachable", "host unreachable", "network is unreachable", "enetunreach"];

# The name and port of the other end in such a line: {name, port}; no address, and null where it says none.
def named_host: [capture("(?:^|[ (\"'/@=\\[])(?<name>(?:[A-Za-z0-9_-]+[.])*[A-Za-z][A-Za-z0-9_-]*)[.]?:(?<port>[0-9]{1,5})(?![0-9])")][0]
  | if . == null then null else {name, port: (.port | tonumber)} | select(.port >= 1 and .port <= 65535) end;

# Whether a record of DNS is an address, and not an alias.
def is_address: test("^[0-9.]+$|:");

# Whether /etc/hosts (of test_dns) gives a name none of the addresses that the DNS server gives it.
def differs_from_dns: (.hosts_file // []) as $listed | [.dns_answers[]? | select(is_address)] as $served
  | ($listed | length) > 0 and ($served | length) > 0 and (any($served[]; IN($listed[])) | not);

# Whether a log complains that the name of this result (of test_dns) cannot be connected to.
def is_complained_of($all): .name as $name
  | any($all.find_log_errors.files[]?.errors[]?, $all.get_service.log.lines[]?;
      .text | mentions(connection_errors) and (named_host | . != null and (.name | ascii_downcase) == ($name | ascii_downcase)));

# The file system of list_filesystems that a file lies on.
def filesystem_of($all): .path as $path
  | [$all.list_filesystems.filesystems[]? | select(.mount as $mount | $path | startswith($mount | rtrimstr("/") + "/"))]
  | max_by(.mount | length);

# Whether a log (of find_log_errors) grows so fast that its file system is full within three hours.
def fills_soon($all): (.grown_bytes_per_s // 0) as $rate | $rate >= 1e6
  and (filesystem_of($all) | . != null and (.available_bytes | type) == "number" and .available_bytes / $rate <= 10800);
