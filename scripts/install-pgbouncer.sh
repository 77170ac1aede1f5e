#!/bin/sh
# Installs pgbouncer when this machine has none, for `make test-pgbouncer`. The tests start one of their own; a service that the package brings is
# not needed.
# Exit status: 0 there now, 1 not there.
set -eu

there() { command -v pgbouncer >/dev/null 2>&1 || [ -x /usr/sbin/pgbouncer ]; }

there && exit 0
sudo=
[ "$(id -u)" = 0 ] || sudo="sudo -n"
if ! command -v apt-get >/dev/null 2>&1; then
	echo "pgbouncer is missing: install it with the package manager of this system" >&2
	exit 1
fi
echo "pgbouncer is missing: installing it with apt-get ..." >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt_install() {
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -q -y --no-install-recommends pgbouncer >>"$log" 2>&1 </dev/null
}
# The lists of packages may be missing, as in container images, or old.
apt_install || { $sudo apt-get update -q >>"$log" 2>&1 </dev/null && apt_install; } || true
there && exit 0
tail -n 20 "$log" >&2
echo "pgbouncer: apt-get did not install it (above)" >&2
exit 1
