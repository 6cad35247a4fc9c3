dnl SPDX-License-Identifier: MIT
dnl
dnl CM_CHECK_FUZZ: --enable-fuzz builds everything for clang's libFuzzer, with
dnl the address and undefined behaviour sanitizers, and tests/fuzz against it.
dnl Not for use: configure a build directory of its own. Without it the same
dnl targets are linked to a driver that runs them once over files, so that
dnl `make check` replays the seeds with any compiler.

AC_DEFUN([CM_CHECK_FUZZ], [
  AC_ARG_ENABLE([fuzz],
    [AS_HELP_STRING([--enable-fuzz], [build for libFuzzer with sanitizers (clang only)])],
    [], [enable_fuzz=no])
  AS_IF([test "$enable_fuzz" = yes], [
    cm_sanitize="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
    cm_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -fsanitize=fuzzer $cm_sanitize"
    AC_MSG_CHECKING([for libFuzzer])
    AC_LINK_IFELSE([AC_LANG_SOURCE([[
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{ return data == NULL && size > 0; }
      ]])],
      [AC_MSG_RESULT([yes])],
      [AC_MSG_RESULT([no])
       AC_MSG_ERROR([--enable-fuzz needs CC=clang and its runtime (Debian: clang, libclang-rt-dev, libstdc++-dev)])])
    CFLAGS=$cm_save_CFLAGS
    AM_CFLAGS="$AM_CFLAGS -fsanitize=fuzzer-no-link $cm_sanitize"
    AM_LDFLAGS="$AM_LDFLAGS $cm_sanitize"
  ])
  AM_CONDITIONAL([CM_FUZZ], [test "$enable_fuzz" = yes])
])
