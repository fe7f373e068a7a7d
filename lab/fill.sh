#!/usr/bin/env bash
# Writes until a file system has not one block left. usage: fill.sh <directory>
set -u
FILE=$1/.full
# ENOSPC ends each of them, and is what we want; with smaller and smaller pieces nothing is left over.
for size in 1M 64K 4K 1K; do dd if=/dev/zero of="$FILE" bs=$size oflag=append conv=notrunc,fsync 2>/dev/null && exit 1; done
# Written by now, or known not to fit: btrfs answers for its metadata late.
sync -f "$FILE"
if head -c 4096 /dev/zero > "$1/.fits" 2>/dev/null && sync "$1/.fits" 2>/dev/null; then echo "something still fits into $1" >&2; rm -f "$1/.fits"; exit 1; fi
rm -f "$1/.fits"
