# Sourced. write_record <file> <pid>: who a process is, so that a later `down` stops exactly this one (pids come back, pid + start time do not).
write_record() {
  local stat fields boot
  stat=$(</proc/$2/stat)
  read -ra fields <<< "${stat##*) }"
  boot=$(</proc/sys/kernel/random/boot_id)
  printf '{"pid":%d,"startTicks":%d,"bootId":"%s"}\n' "$2" "${fields[19]}" "$boot" > "$1.tmp"
  mv -f "$1.tmp" "$1"
}
