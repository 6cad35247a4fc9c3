dnl SPDX-License-Identifier: MIT
dnl
dnl CM_CHECK_FUZZ: --enable-fuzz builds tests/fuzz against clang's libFuzzer. Without
dnl it the same targets are linked to a driver that runs them once over files,
dnl so that `make check` replays the seeds with any compiler.

AC_DEFUN([CM_CHECK_FUZZ], [
  AC_ARG_ENABLE([fuzz],
    [AS_HELP_STRING([--enable-fuzz], [build tests/fuzz with libFuzzer (clang only)])],
    [], [enable_fuzz=no])
  AS_IF([test "$enable_fuzz" = yes], [
    cm_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -fsanitize=fuzzer-no-link"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [],
      [AC_MSG_ERROR([--enable-fuzz needs CC=clang and its runtime (Debian: libclang-rt-dev)])])
    CFLAGS=$cm_save_CFLAGS
    AM_CFLAGS="$AM_CFLAGS -fsanitize=fuzzer-no-link"
  ])
  AM_CONDITIONAL([CM_FUZZ], [test "$enable_fuzz" = yes])
])
