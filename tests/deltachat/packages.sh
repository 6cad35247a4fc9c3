# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# packages.sh: the Delta Chat core out of npm's registry. To be sourced, by
# run and by ../bench/bench_chat.sh.
#
#	deltachat_packages FOLDER	sets $modules, the directory that holds
#					node_modules; FOLDER has package.json
#
# They go to $DELTACHAT_CACHE (default ~/.cache/chatmail-plugins/deltachat) and
# are fetched anew when older than a week; if that fails, the old ones stay.
# Returns 1 after a line on standard output that says what is missing.

NPM_SECONDS=90
NPM_KILL_SECONDS=10
CACHE_DAYS=7

# Only what is whole gets the name "modules".
install_packages() {
	new=$cache/new.$$
	mkdir -p "$new"
	cp "$1/package.json" "$new/"
	echo "# fetching the Delta Chat core"
	if (cd "$new" && timeout --foreground -k "$NPM_KILL_SECONDS" \
		"$NPM_SECONDS" \
		npm install --no-package-lock --no-audit --no-fund \
		--ignore-scripts --include=optional --loglevel=error \
		--fetch-retries=2 --fetch-retry-maxtimeout=5000 \
		--fetch-retry-mintimeout=1000 --fetch-timeout=30000 \
		>npm.log 2>&1 </dev/null); then
		rm -rf "$modules"
		mv "$new" "$modules"
		return 0
	fi
	sed 's/^/# npm: /' "$new/npm.log"
	rm -rf "$new"
	return 1
}

deltachat_packages() {
	cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}
	cache=${DELTACHAT_CACHE:-$cache/chatmail-plugins/deltachat}
	modules=$cache/modules
	command -v node >/dev/null || {
		echo "node is missing: apt-get install nodejs"
		return 1
	}
	if ! cmp -s "$1/package.json" "$modules/package.json"; then
		command -v npm >/dev/null || {
			echo "npm is missing: apt-get install npm"
			return 1
		}
		install_packages "$1" || {
			echo "npm cannot fetch the Delta Chat core"
			return 1
		}
	elif [ -n "$(find "$modules/npm.log" -mtime "+$CACHE_DAYS")" ] &&
		command -v npm >/dev/null; then
		install_packages "$1" ||
			echo "# that failed, taking the one that is here"
	fi
}
