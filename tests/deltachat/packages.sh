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
# stay there. package.json names one version, the newest when it was written:
# what the core's makers release later is no change of ours. DELTACHAT_VERSION
# is another one, as npm says it: 2.57.0, or latest.
# Returns 1 after a line on standard output that says what is missing.

NPM_SECONDS=90
NPM_KILL_SECONDS=10

npm_limited() {
	timeout --foreground -k "$NPM_KILL_SECONDS" "$NPM_SECONDS" npm "$@"
}

# Makes $new: a folder with the package.json of what is wanted.
wanted_packages() {
	new=$cache/new.$$
	mkdir -p "$new"
	cp "$1/package.json" "$new/"
	[ -n "${DELTACHAT_VERSION:-}" ] || return 0
	core_version=$(npm_limited view --loglevel=error \
		"@deltachat/stdio-rpc-server@$DELTACHAT_VERSION" version \
		2>"$new/npm.log" </dev/null) && [ -n "$core_version" ] || {
		sed 's/^/# npm: /' "$new/npm.log"
		return 1
	}
	sed "s|\(\"@deltachat/.*\": \)\".*\"|\1\"$core_version\"|" \
		"$1/package.json" >"$new/package.json"
}

# Only what is whole gets the name "modules".
install_packages() {
	echo "# fetching the Delta Chat core"
	if (cd "$new" && npm_limited install \
		--no-package-lock --no-audit --no-fund --ignore-scripts \
		--include=optional --loglevel=error \
		--fetch-retries=2 --fetch-retry-maxtimeout=5000 \
		--fetch-retry-mintimeout=1000 --fetch-timeout=30000 \
		>npm.log 2>&1 </dev/null); then
		rm -rf "$modules"
		mv "$new" "$modules"
		return 0
	fi
	sed 's/^/# npm: /' "$new/npm.log"
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
	# Without npm, what is here may have been fetched elsewhere.
	if ! command -v npm >/dev/null; then
		[ -n "${DELTACHAT_VERSION:-}" ] && [ -d "$modules" ] ||
			cmp -s "$1/package.json" "$modules/package.json" ||
			{ echo "npm is missing: apt-get install npm"; return 1; }
		return 0
	fi
	packages_status=0
	wanted_packages "$1" && {
		cmp -s "$new/package.json" "$modules/package.json" ||
			install_packages
	} || packages_status=1
	rm -rf "$new"
	[ $packages_status = 0 ] || echo "npm cannot fetch the Delta Chat core"
	return $packages_status
}
