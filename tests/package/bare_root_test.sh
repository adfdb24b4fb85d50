#!/usr/bin/env bash
# The Debian package in a bare Debian root: install, start under its own user, upgrade, remove, purge.
#   tests/package/bare_root_test.sh SOURCE_FOLDER PACKAGE.deb
# Needs root, debootstrap, the machine's own apt sources, and about two minutes. Called by scripts/package --check.
set -euo pipefail
source=$1
package=$(realpath "$2")
work=$(mktemp -d)
root=$work/root
trap 'rm -rf --one-file-system "$work"' EXIT
failures=0

check() {
  if [[ $2 != "$3" ]]; then
    printf 'FAILED %s\n  want: %s\n  have: %s\n' "$1" "$3" "$2" >&2
    failures=$((failures + 1))
  fi
}
inside() { chroot "$root" env LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
owner_and_mode() { inside stat -c '%U:%G %a' "$1" 2>/dev/null || echo none; }
there() { if [[ -e $root$1 || -L $root$1 ]]; then echo yes; else echo no; fi; }
# A package like the one at hand, of another version.
as_version() {
  dpkg-deb --raw-extract "$package" "$work/tree"
  sed -i "s/^Version: .*/Version: $1/" "$work/tree/DEBIAN/control"
  dpkg-deb --root-owner-group --build "$work/tree" "$root/$1.deb" >/dev/null
  rm -r "$work/tree"
}
# Runs a shell line in the root with a network and processes of its own, whose only address is loopback.
alone() {
  # shellcheck disable=SC2016  # expanded by the inner shell
  unshare --net --mount --pid --fork --kill-child --mount-proc="$root/proc" sh -c \
    'ip link set lo up && exec chroot "$0" env LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -euc "$1"' "$root" "$1"
}

mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
  sed -nE 's/^(URIs:|deb( \[[^]]*\])?) *(https?:[^ ]*\/debian)\/?( .*)?$/\3/p' | head -n 1) || true
echo "A bare root from ${mirror:=http://deb.debian.org/debian} ..."
debootstrap --variant=minbase bookworm "$root" "$mirror" >"$work/log" 2>&1 || {
  tail -n 20 "$work/log" >&2
  exit 1
}
cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp "$package" "$root/new.deb"
as_version 0.0.1-1

inside apt-get -qq update >"$work/log" 2>&1
inside apt-get -qq -y --no-install-recommends install /0.0.1-1.deb >>"$work/log" 2>&1 || {
  tail -n 20 "$work/log" >&2
  exit 1
}
check "configuration folder" "$(owner_and_mode /etc/cardstock)" "root:cardstock 750"
check "state folder" "$(owner_and_mode /var/lib/cardstock)" "cardstock:cardstock 700"
check "shell of the user" "$(inside getent passwd cardstock | cut -d: -f7)" /usr/sbin/nologin
check "configuration is the sample" "$(cmp "$root/etc/cardstock/cardstock.toml" "$source/config/cardstock.example.toml" && echo same)" same
check "will start with the machine" "$(there /etc/systemd/system/multi-user.target.wants/cardstock.service)" yes
check "manual pages" "$(there /usr/share/man/man8/cardstock.8.gz)$(there /usr/share/man/man5/cardstock.toml.5.gz)" yesyes

# As the unit runs it: own user, no capability, state folder. The log says when it is ready.
# shellcheck disable=SC2016  # expanded in the root
run='
cd /var/lib/cardstock
mkfifo -m 0666 /tmp/log
setpriv --reuid cardstock --regid cardstock --clear-groups --bounding-set=-all --no-new-privs \
  cardstock serve --config /etc/cardstock/cardstock.toml 2>/tmp/log &
service=$!
grep -m 1 "\"event\":\"started\"" /tmp/log >/tmp/started
cat </tmp/log >/dev/null &
cardstock stats >/tmp/stats
grep "^Uid:" /proc/$service/status | cut -f2
kill $service
wait $service
rm /tmp/log'
user=$(inside id -u cardstock)
check "starts under its own user and ends well" "$(alone "$run" || echo "status $?")" "$user"
check "the cache is its own" "$(owner_and_mode /var/lib/cardstock/cardstock.db)" "cardstock:cardstock 600"

echo '# by the administrator' >>"$root/etc/cardstock/cardstock.toml"
inside dpkg -i --force-confold /new.deb >>"$work/log" 2>&1 || check "upgrade" failed "to be done"
# shellcheck disable=SC2016  # dpkg-query's own format
check "upgraded" "$(inside dpkg-query -W -f '${db:Status-Abbrev}${Version}' cardstock)" "ii $(dpkg-deb -f "$package" Version)"
check "the administrator's configuration is kept" "$(tail -n 1 "$root/etc/cardstock/cardstock.toml")" '# by the administrator'
check "the cache is kept" "$(there /var/lib/cardstock/cardstock.db)" yes
check "starts after the upgrade" "$(alone "$run" || echo "status $?")" "$user"

inside dpkg -r cardstock >>"$work/log" 2>&1 || check "remove" failed "to be done"
check "removed: program" "$(there /usr/bin/cardstock)" no
check "removed: configuration and cache stay" "$(there /etc/cardstock/cardstock.toml)$(there /var/lib/cardstock/cardstock.db)" yesyes

inside dpkg -P cardstock >>"$work/log" 2>&1 || check "purge" failed "to be done"
check "purged: nothing is left" "$(there /etc/cardstock)$(there /var/lib/cardstock)$(there /usr/share/cardstock)" nonono
check "purged: no trace of the unit" "$(find "$root/etc/systemd" "$root/var/lib/systemd" -name '*cardstock*' 2>/dev/null)" ""

if ((failures > 0)); then
  tail -n 20 "$work/log" >&2
  exit 1
fi
echo "The package installs, runs under its own user, upgrades, and goes."
