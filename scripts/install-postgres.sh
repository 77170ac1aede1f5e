#!/bin/sh
# Installs the server programs of PostgreSQL when this machine has none, through its package manager.
# `make run` and `make test` call it; it never creates or starts a database server of the system.
#
#   AUGUR_PG_DIRS   where to look instead of the usual directories (patterns, separated by blanks)
#   AUGUR_DRY_RUN   set: print the commands instead of running them
#   PG_BIN          the directory with the programs, if nowhere usual
#
# Exit status: 0 there now, 1 not there.
set -eu

# The same directories as db/local searches (a test compares them).
usual="/usr/lib/postgresql/*/bin
/usr/lib/postgresql*/bin
/usr/lib64/postgresql*/bin
/usr/libexec/postgresql*
/usr/pgsql-*/bin
/usr/local/pgsql/bin
/usr/local/opt/postgresql*/bin
/opt/homebrew/opt/postgresql*/bin
/home/linuxbrew/.linuxbrew/opt/postgresql*/bin
/Library/PostgreSQL/*/bin
/Applications/Postgres.app/Contents/Versions/*/bin"

# server_dir prints the first directory that has all three programs of a server.
server_dir() {
	if [ -n "${PG_BIN:-}" ]; then
		set -- "$PG_BIN"
	else
		old_ifs=$IFS
		IFS=:
		set -f
		# shellcheck disable=SC2086 # split at colons
		set -- $PATH
		set +f
		IFS=$old_ifs
		# shellcheck disable=SC2086 # patterns to expand
		set -- "$@" ${AUGUR_PG_DIRS-$usual}
	fi
	for dir; do
		if [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ] && [ -x "$dir/postgres" ]; then
			echo "$dir"
			return 0
		fi
	done
	return 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# run runs a command as root and keeps its output for the case that it fails.
run() {
	if [ -n "${AUGUR_DRY_RUN:-}" ]; then
		echo "$sudo$*"
		return 0
	fi
	# shellcheck disable=SC2086 # empty, or `sudo -n`
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
	case $1 in
	apt-get) echo "sudo apt-get install postgresql" ;;
	dnf | yum) echo "sudo $1 install postgresql-server postgresql-contrib" ;;
	zypper) echo "sudo zypper install postgresql-server postgresql-contrib" ;;
	apk) echo "apk add postgresql postgresql-contrib postgresql-client" ;;
	pacman) echo "sudo pacman -S postgresql" ;;
	brew) echo "brew install postgresql@17" ;;
	esac
}

if server_dir >/dev/null; then
	exit 0
fi
if [ -n "${PG_BIN:-}" ]; then
	echo "PostgreSQL: PG_BIN=$PG_BIN has no initdb, pg_ctl and postgres: correct it or unset it" >&2
	exit 1
fi

manager=
for m in apt-get dnf yum zypper apk pacman brew; do
	if has "$m"; then
		manager=$m
		break
	fi
done
if [ -z "$manager" ]; then
	echo "PostgreSQL is missing and no package manager is known here: install the server (initdb, pg_ctl, postgres) and set PG_BIN to its directory" >&2
	exit 1
fi

sudo=
if [ "$manager" = brew ]; then
	: # refuses root
elif [ "$(id -u)" != 0 ]; then
	if has sudo && sudo -n true 2>/dev/null; then
		sudo="sudo -n "
	else
		echo "PostgreSQL is missing and this user may not install it: $(by_hand "$manager")" >&2
		exit 1
	fi
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ -n "${AUGUR_DRY_RUN:-}" ] || echo "PostgreSQL is missing: installing it with $manager ..." >&2
if ! install; then
	tail -n 20 "$log" >&2
	echo "PostgreSQL: $manager did not install it (above): $(by_hand "$manager")" >&2
	exit 1
fi
if [ -n "${AUGUR_DRY_RUN:-}" ]; then
	exit 0
fi
if ! dir=$(server_dir); then
	echo "PostgreSQL: $manager installed it, but its programs are in no usual directory: set PG_BIN to the one with initdb, pg_ctl and postgres" >&2
	exit 1
fi
echo "PostgreSQL: $("$dir/postgres" --version | sed 's/^postgres (PostgreSQL) //') is in $dir" >&2
