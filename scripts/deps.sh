#!/bin/sh
# Installs the Debian packages that tests use as other readers, servers and
# peers, if this is Debian, we are root, and something is missing. It never
# fails: a test that misses its program skips and says so.
set -u
want="notmuch maildir-utils mblaze mutt dovecot-imapd dovecot-pop3d zstd"
command -v apt-get >/dev/null 2>&1 || exit 0
command -v dpkg-query >/dev/null 2>&1 || exit 0
missing=""
for p in $want; do
	dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "some tests will skip; to run them install:$missing"
	exit 0
fi
export DEBIAN_FRONTEND=noninteractive
if { timeout 120 apt-get -qq update && timeout 240 apt-get -qq install -y --no-install-recommends $missing; } >/dev/null 2>&1; then
	echo "installed for tests:$missing"
else
	echo "could not install:$missing; the tests that need them will skip"
fi
exit 0
