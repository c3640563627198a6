# Words for predicates. There is no clock: tools say how long ago something happened.

# Seconds ago that lie within the last quarter of an hour, or within $window.
def recent: . != null and . <= 900;
def recent($window): . != null and . <= ([$window, 900] | max);

# A file system that holds data, once: no pseudo file system, no image that is always full.
def real_filesystem:
  (.pseudo | not) and (.read_only | not) and (.total_bytes // 0) > 0
  and (.type | IN("squashfs", "iso9660", "erofs", "cramfs", "fuse.snapfuse") | not);

# "12.3 GB" for people.
def size:
  if . == null then "an unknown size"
  elif . >= 1e9 then "\(. / 1e8 | floor / 10) GB"
  elif . >= 1e6 then "\(. / 1e5 | floor / 10) MB"
  elif . >= 1e3 then "\(. / 1e2 | floor / 10) kB"
  else "\(.) bytes" end;

# One decimal place.
def tenth: if type == "number" then . * 10 | floor / 10 else . end;
