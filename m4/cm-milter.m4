dnl SPDX-License-Identifier: MIT
dnl
dnl CM_CHECK_MILTER: finds libmilter. Debian ships milter.pc, others only the
dnl header and the library; MILTER_CFLAGS and MILTER_LIBS override both.

AC_DEFUN([CM_CHECK_MILTER], [
  AC_ARG_VAR([MILTER_CFLAGS], [C compiler flags for libmilter])
  AC_ARG_VAR([MILTER_LIBS], [linker flags for libmilter])
  AS_IF([test -z "$MILTER_LIBS"], [
    PKG_CHECK_EXISTS([milter], [
      MILTER_CFLAGS=`$PKG_CONFIG --cflags milter`
      MILTER_LIBS="`$PKG_CONFIG --libs milter` -lpthread"
    ], [
      MILTER_LIBS="-lmilter -lpthread"
    ])
  ])
  cm_save_CPPFLAGS=$CPPFLAGS
  cm_save_LIBS=$LIBS
  CPPFLAGS="$CPPFLAGS $MILTER_CFLAGS"
  LIBS="$MILTER_LIBS $LIBS"
  AC_MSG_CHECKING([for libmilter])
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <libmilter/mfapi.h>]],
      [[return smfi_register((struct smfiDesc){0});]])],
    [AC_MSG_RESULT([yes ($MILTER_LIBS)])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([libmilter not found (Debian: libmilter-dev). Set MILTER_LIBS, or use --disable-milter.])])
  CPPFLAGS=$cm_save_CPPFLAGS
  LIBS=$cm_save_LIBS
])
