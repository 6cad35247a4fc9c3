#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Asserts who may see whom (the layout rules in tests/README) by reading the
# sources and the built objects. TAP; each rule is a function that prints its
# violations, one per line.
#
# By hand: top_srcdir=. top_builddir=../build tests/check-layering.sh
set -u
LC_ALL=C
export LC_ALL
src=${top_srcdir:-..}
build=${top_builddir:-..}
OBJDUMP=${OBJDUMP:-objdump}
NM=${NM:-nm}

MAX_LINES=600
folders="lib dovecot-plugin postfix-policy milter conf.d tests"

# C11, POSIX, and what the C libraries of Linux and the BSDs have beside it.
libc_headers=" arpa/inet.h assert.h crypt.h ctype.h dirent.h endian.h errno.h
 fcntl.h fnmatch.h grp.h inttypes.h limits.h math.h netdb.h netinet/in.h poll.h
 pthread.h pwd.h signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h
 stdint.h stdio.h stdlib.h stdnoreturn.h string.h strings.h sys/file.h
 sys/ioctl.h sys/mman.h sys/random.h sys/resource.h sys/select.h sys/socket.h
 sys/stat.h sys/statvfs.h sys/time.h sys/types.h sys/uio.h sys/un.h sys/wait.h
 syslog.h time.h unistd.h "
libc_headers=$(echo "$libc_headers" | tr '\n' ' ')

# Source files below the folders given, without what a build leaves there.
sources() { # EXTENSIONS FOLDER...
  extensions=$1
  shift
  for folder; do
    (cd "$src" && find "$folder" \
      \( -name '.?*' -o -name node_modules -o -name __pycache__ \) -prune \
      -o -type f -print) | grep -E "\.($extensions)\$"
  done
}

# "FILE:LINE:NAME" of the #include lines; <NAME> or "NAME" stays quoted.
includes() { # FILE...
  (cd "$src" && grep -nHE '^[ 	]*#[ 	]*include' "$@" /dev/null) |
    sed -E 's/^([^:]*:[0-9]+):[^"<]*([<"][^">]*[">]).*/\1:\2/'
}

# lib decides; it knows libc and Jansson.
lib_includes() {
  for file in $(sources 'c|h' lib); do
    includes "$file"
  done | while IFS=: read -r file line name; do
    bare=$(echo "$name" | tr -d '<>"')
    case $name in
    \<*)
      case "$libc_headers jansson.h " in
      *" $bare "*) continue ;;
      esac
      ;;
    \"cm-config.h\")
      continue
      ;;
    \"*/*) ;;
    *)
      [ -f "$src/lib/$bare" ] && continue
      case $file in
      lib/daemon/*) [ -f "$src/lib/daemon/$bare" ] && continue ;;
      esac
      ;;
    esac
    echo "$file:$line includes $name"
  done
}

# "SCOPE KIND SECTION SYMBOL" of what an archive defines; SCOPE is .l for
# local names, KIND is .O for objects. Sanitizers add some of their own.
symbols() { # ARCHIVE
  "$OBJDUMP" -t "$1" | sed -nE \
    's/^[0-9a-f]{8,} (.)(.{5})(.) ([^ ]+)	[0-9a-f]+ *(\.hidden )?(.*)$/.\1 .\3 \4 \6/p' |
    grep -vE ' (\*UND\*|\*ABS\*) | [^ ]*(__asan|__odr_asan|__sancov|sancov\.|asan\.|__gcov|__prof|__llvm|__ubsan|__unnamed_)[^ ]*$| \.L[^ ]*$'
}

lib_archives() {
  find "$build/lib" -name 'libcm*.a' -path '*/.libs/*'
}

# Threads, reloads and tests get along only without them. Constant tables
# with pointers are in .data.rel.ro.
lib_globals() {
  archive=$build/lib/.libs/libcmcore.a
  symbols "$archive" | while read -r scope kind section symbol; do
    case $kind$section in
    .O.data.rel.ro*) ;;
    .O.data* | .O.bss* | .O*COM* | .*.tdata* | .*.tbss*)
      echo "libcmcore: $symbol can change ($section, $scope)"
      ;;
    esac
  done
}

lib_exports() {
  for archive in $(lib_archives); do
    symbols "$archive" | while read -r scope kind section symbol; do
      case $scope$symbol in
      .l* | .?cm_* | .cm_*) ;;
      *) echo "$archive: $symbol does not begin with cm_ ($kind $section)" ;;
      esac
    done
  done
}

plugin_objects() {
  find "$build/dovecot-plugin" -name '*.so' -path '*/.libs/*' 2>/dev/null
}

# Dovecot loads with RTLD_GLOBAL: any other name may meet a stranger's.
plugin_exports() {
  for object in $(plugin_objects); do
    name=$(basename "$object" .so | sed -E 's/^lib([0-9]+_)?//')
    "$NM" -D --defined-only "$object" | while read -r _ kind symbol; do
      case ${symbol#"$name"_} in
      init | deinit | version | dependencies | binary_dependency | set_infos) ;;
      *) echo "$(basename "$object") exports $symbol ($kind)" ;;
      esac
    done
    "$NM" -D --defined-only "$object" | grep -q " ${name}_version\$" ||
      echo "$(basename "$object") does not export ${name}_version"
  done
}

# What a plugin loads it uses, and the other way round: a name that nobody has
# would be found missing at the first call.
plugin_libraries() {
  for object in $(plugin_objects); do
    name=$(basename "$object")
    needed=$("$OBJDUMP" -p "$object" | sed -n 's/^ *NEEDED *//p')
    wanted=$("$NM" -D --undefined-only "$object" |
      sed -n 's/.* U json_.*/libjansson/p; s/.* U crypt\(_r\)\{0,1\}@.*/libcrypt/p' |
      sort -u)
    for library in libjansson libcrypt; do
      has=$(echo "$needed" | grep -c "^$library\\.")
      wants=$(echo "$wanted" | grep -c "^$library\$")
      [ "$has" = "$wants" ] ||
        echo "$name: $library is needed: $has, used: $wants"
    done
    # one that calls nothing needs nothing
    echo "$needed" | grep -vE '^$|^(libc|libjansson|libcrypt|ld-linux.*)\.' |
      sed "s|^|$name is linked with |"
  done
}

dovecot_versions() {
  for file in $(sources 'c|h' $folders); do
    case $file in
    dovecot-plugin/compat/*) continue ;;
    esac
    (cd "$src" && grep -nHE \
      'DOVECOT_PREREQ|DOVECOT_VERSION_M|CM_DOVECOT_(2[34]|VERSION|SERIES)' \
      "$file")
  done
}

plugin_folders() {
  (cd "$src" && find dovecot-plugin -mindepth 1 -maxdepth 1 -type d \
    ! -name '.*')
}

# A header of another folder, by its path or by its flat name.
plugin_includes() {
  for folder in $(plugin_folders); do
    for file in $(sources 'c|h' "$folder"); do
      includes "$file"
    done | while IFS=: read -r file line name; do
      bare=$(echo "$name" | tr -d '<>"')
      case $bare in
      */*) ;;
      *) [ -f "$src/$folder/$bare" ] && continue ;;
      esac
      for other in $(plugin_folders); do
        [ "$other" = "$folder" ] && continue
        case $other in
        dovecot-plugin/compat) continue ;;
        dovecot-plugin/common)
          [ "$folder" = dovecot-plugin/compat ] || continue
          ;;
        esac
        if [ -f "$src/$other/$(basename "$bare")" ]; then
          echo "$file:$line includes $name of $other"
        fi
      done
    done
  done
}

gmime_users() {
  for file in $(sources 'c|h' lib dovecot-plugin postfix-policy); do
    includes "$file"
  done | grep -E '[<"](gmime|glib|gio)[./-]|[<"]glib'
  (cd "$src" && find lib dovecot-plugin postfix-policy -name Makefile.am \
    -exec grep -nHE 'GMIME_|-lgmime|GLIB_' {} +)
}

# A folder has a README, or its parent's speaks of it as "NAME/".
folder_readmes() {
  for folder in m4 $folders; do
    (cd "$src" && find "$folder" \
      \( -name '.?*' -o -name autom4te.cache -o -name node_modules \
      -o -name __pycache__ \) -prune -o -type d -print)
  done | while read -r folder; do
    [ -f "$src/$folder/README" ] && continue
    up=$folder found=
    while [ "$up" != "$(dirname "$up")" ]; do
      name=$(basename "$up")
      up=$(dirname "$up")
      if grep -qF "$name/" "$src/$up/README" 2>/dev/null && [ "$up" != . ]
      then
        found=1
        break
      fi
      [ -f "$src/$up/README" ] && break
    done
    # only those that git would know
    [ -n "$found" ] || [ -z "$(find "$src/$folder" -type f \
      ! -path '*/.*' | head -n 1)" ] || echo "$folder has no README"
  done
}

spdx_lines() {
  for file in $(sources 'c|h|sh|py|js' $folders); do
    head -n 5 "$src/$file" | grep -q 'SPDX-License-Identifier: MIT' ||
      echo "$file has no SPDX line"
  done
}

# Words of a README, those with a * as patterns: test-*.c names all of them.
# cm-addr.[ch] names both.
readme_names() {
  set -f
  for file in $(sources 'c|h' $folders); do
    folder=$(dirname "$file") name=$(basename "$file") found=
    for word in $(tr -s ' \t,;:()' '\n' <"$src/$folder/README" 2>/dev/null |
      grep -F -e . -e '*'); do
      # shellcheck disable=SC2254
      case $name in
      $word) found=1 && break ;;
      esac
    done
    [ -n "$found" ] || echo "$file is not named in $folder/README"
  done
  set +f
}

# Generators of samples, in tests/data, are lists of samples.
file_lengths() {
  for file in quickstart $(sources 'c|h|sh|py|js' $folders); do
    case $file in
    tests/data/*) continue ;;
    esac
    lines=$(wc -l <"$src/$file")
    [ "$lines" -le $MAX_LINES ] || echo "$file has $lines lines"
  done
}

# What is named is there: no document of another place, nor a tracker's number.
dangling_names() {
  (cd "$src" && for file in README $(sources 'c|h|py|t|conf|in' $folders) \
    $(find $folders -name README -type f ! -path '*/.*' \
      ! -path '*/node_modules/*'); do
    grep -nHE '[A-Z]+\.md\b' "$file" /dev/null
  done)
}

number=0
report() { # TITLE VIOLATIONS
  number=$((number + 1))
  if [ -z "$2" ]; then
    echo "ok $number - $1"
  else
    echo "$2" | sed 's/^/# /'
    echo "not ok $number - $1"
  fi
}
skip() { # TITLE WHY
  number=$((number + 1))
  echo "ok $number - $1 # SKIP $2"
}

echo 1..13
report "lib includes libc and Jansson only" "$(lib_includes)"
if [ -z "$(symbols "$build/lib/.libs/libcmcore.a" 2>/dev/null)" ]; then
  report "lib has no mutable globals" "no symbols found in libcmcore.a"
  report "lib exports cm_ names only" "no symbols found in libcmcore.a"
else
  report "lib has no mutable globals" "$(lib_globals)"
  report "lib exports cm_ names only" "$(lib_exports)"
fi
if [ -z "$(plugin_objects)" ]; then
  skip "plugins export what Dovecot needs only" "no plugin is built"
  skip "plugins are linked with what they use" "no plugin is built"
else
  report "plugins export what Dovecot needs only" "$(plugin_exports)"
  report "plugins are linked with what they use" "$(plugin_libraries)"
fi
report "Dovecot's version is named in compat only" "$(dovecot_versions)"
report "no plugin folder includes another" "$(plugin_includes)"
report "GMime and GLib are used in milter only" "$(gmime_users)"
report "every folder has a README" "$(folder_readmes)"
report "every source file has its SPDX line" "$(spdx_lines)"
report "every C file is named in its folder's README" "$(readme_names)"
report "no file names a document that is not here" "$(dangling_names)"
report "no file is over $MAX_LINES lines" "$(file_lengths)"
