#!/bin/sh
# Installs the server programs of PostgreSQL when this machine has none, through its package manager.
# `make run` and `make test` call it. It never creates or starts a database server of the system.
#
#   PG_BIN           the directory with the programs, when it is nowhere usual
#   AUGUR_DRY_RUN    set: print the commands instead of running them
#   AUGUR_FIND_PG    the program that prints the directory of a server, or nothing (default: tools/findpostgres)
#
# Exit status: 0 there now, 1 not there.
set -eu

has() { command -v "$1" >/dev/null 2>&1; }

# find_server prints the directory of the server programs, or nothing.
find_server() {
	if [ -z "${AUGUR_FIND_PG:-}" ]; then
		cd "$(dirname "$0")/.."
		"${GO:-go}" build -o bin/findpostgres ./tools/findpostgres || return 1
		AUGUR_FIND_PG=bin/findpostgres
	fi
	"$AUGUR_FIND_PG"
}

# run runs a command as root and keeps its output for the case that it fails.
run() {
	if [ -n "${AUGUR_DRY_RUN:-}" ]; then
		echo "$sudo$*"
		return 0
	fi
	# shellcheck disable=SC2086 # empty, or two words
	$sudo "$@" >>"$log" 2>&1 </dev/null
}

# Debian's package would make a cluster and start it. Ours is private: tell it not to, for this installation only.
apt_install() {
	conf=/etc/postgresql-common/createcluster.d/augur.conf
	run mkdir -p "${conf%/*}" || return 1
	run sh -c "echo 'create_main_cluster = false' >$conf" || return 1
	status=0
	# The lists of packages may be missing, as in container images, or old.
	apt_get_install || { run apt-get update -q && apt_get_install; } || status=1
	run rm -f "$conf"
	return "$status"
}

apt_get_install() {
	run env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -q -y --no-install-recommends postgresql
}

install() {
	case $manager in
	apt-get) apt_install ;;
	dnf | yum) run "$manager" -q -y install postgresql-server postgresql-contrib ;;
	zypper) run zypper -q -n install postgresql-server postgresql-contrib ;;
	apk) run apk add -q postgresql postgresql-contrib postgresql-client ;;
	pacman) run pacman -S --noconfirm --needed postgresql ;;
	brew) run brew install -q postgresql@17 ;;
	esac
}

by_hand() {
	case $manager in
	apt-get) echo "sudo apt-get install postgresql" ;;
	dnf | yum) echo "sudo $manager install postgresql-server postgresql-contrib" ;;
	zypper) echo "sudo zypper install postgresql-server postgresql-contrib" ;;
	apk) echo "apk add postgresql postgresql-contrib postgresql-client" ;;
	pacman) echo "sudo pacman -S postgresql" ;;
	brew) echo "brew install postgresql@17" ;;
	esac
}

dir=$(find_server) || exit 1
if [ -n "$dir" ]; then
	exit 0
fi

manager=
for m in apt-get dnf yum zypper apk pacman brew; do
	if has "$m"; then
		manager=$m
		break
	fi
done
if [ -z "$manager" ]; then
	echo "PostgreSQL is missing and no package manager is known here: install the server (postgres, initdb) and set PG_BIN to its directory" >&2
	exit 1
fi

sudo=
if [ "$manager" = brew ]; then
	: # it refuses root
elif [ "$(id -u)" != 0 ]; then
	if has sudo && sudo -n true 2>/dev/null; then
		sudo="sudo -n "
	else
		echo "PostgreSQL is missing and this user may not install it: $(by_hand)" >&2
		exit 1
	fi
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -n "${AUGUR_DRY_RUN:-}" ]; then
	install
	exit
fi
echo "PostgreSQL is missing: installing it with $manager ..." >&2
if ! install; then
	tail -n 20 "$log" >&2
	echo "PostgreSQL: $manager did not install it (above): $(by_hand)" >&2
	exit 1
fi
dir=$(find_server) || exit 1
if [ -z "$dir" ]; then
	echo "PostgreSQL: $manager installed it, but its programs are in no usual directory: set PG_BIN to the one with postgres and initdb" >&2
	exit 1
fi
echo "PostgreSQL: $("$dir/postgres" --version | sed 's/^postgres (PostgreSQL) //') is in $dir" >&2
