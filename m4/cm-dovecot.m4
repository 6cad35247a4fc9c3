dnl SPDX-License-Identifier: MIT
dnl
dnl CM_DOVECOT_VERSION: reads Dovecot's version and plugin ABI from the
dnl config.h that it installs. By preprocessing only: nothing is run, so
dnl cross builds work, and dovecot-config carries no version number.
dnl Sets cm_dovecot_version, cm_dovecot_minor (3 or 4), cm_dovecot_abi.

AC_DEFUN([_CM_DOVECOT_MACRO], [
  cat > conftest.c <<_CM_EOF
#include "config.h"
cm_value $1
_CM_EOF
  # No confdefs.h here: our PACKAGE_* would hide Dovecot's.
  $2=`$CC -E $CPPFLAGS $LIBDOVECOT_INCLUDE conftest.c 2>&AS_MESSAGE_LOG_FD | \
    $SED -n 's/^cm_value //p' | $SED 's/"//g; s/ //g'`
  rm -f conftest.c
])

AC_DEFUN([CM_DOVECOT_VERSION], [
  AC_MSG_CHECKING([which Dovecot the plugins are built for])
  _CM_DOVECOT_MACRO([PACKAGE_VERSION], [cm_dovecot_version])
  _CM_DOVECOT_MACRO([DOVECOT_ABI_VERSION], [cm_dovecot_abi])
  _CM_DOVECOT_MACRO([DOVECOT_VERSION_MAJOR.DOVECOT_VERSION_MINOR], [cm_dovecot_mm])
  AS_CASE([$cm_dovecot_version],
    [2.3.*], [cm_dovecot_minor=3],
    [2.4.*], [cm_dovecot_minor=4],
    [AC_MSG_RESULT([${cm_dovecot_version:-unknown}])
     AC_MSG_ERROR([Dovecot 2.3 or 2.4 is needed (with its headers: Debian's dovecot-dev); see config.log. Use --disable-dovecot to build the rest.])])
  AC_MSG_RESULT([$cm_dovecot_version (ABI $cm_dovecot_abi)])
  AC_SUBST([CM_DOVECOT_SERIES], [2.$cm_dovecot_minor])
  AC_SUBST([CM_DOVECOT_VERSION], [$cm_dovecot_version])
])

dnl CM_DOVECOT_LIBRARIES: sets CM_DOVECOT_LIBDIR, where Dovecot's own libraries
dnl are, for the RUNPATH of programs. dovecot_pkglibdir is that only until
dnl DC_DOVECOT makes it ours, by --without-dovecot-install-dirs.

AC_DEFUN([CM_DOVECOT_LIBRARIES], [
  CM_DOVECOT_LIBDIR=`$SED -n 's/^dovecot_pkglibdir=//p' \
    "$dovecotdir/dovecot-config"`
  AC_SUBST([CM_DOVECOT_LIBDIR])
])

dnl CM_DOVECOT_AUTH_HEADERS: do the installed headers compile for an auth
dnl module? Not those of 2.4.2 to 2.4.4 (dovecot-plugin/compat/cm-auth-sasl.h
dnl tells the story); then CM_DOVECOT_SASL_CLASH is defined and they do.

AC_DEFUN([_CM_DOVECOT_AUTH_PROGRAM], [dnl
AC_LANG_DEFINES_PROVIDED[]dnl
#define HAVE_CONFIG_H
#include "lib.h"
$1
#include "auth-common.h"
#include "auth-request.h"
int cm_probe[[sizeof(struct auth_request)]];])

AC_DEFUN([CM_DOVECOT_AUTH_HEADERS], [
  AC_MSG_CHECKING([whether Dovecot's auth headers compile])
  cm_save_CPPFLAGS=$CPPFLAGS
  CPPFLAGS="$CPPFLAGS $LIBDOVECOT_INCLUDE -I$srcdir/dovecot-plugin/compat"
  AC_COMPILE_IFELSE([_CM_DOVECOT_AUTH_PROGRAM([])],
    [AC_MSG_RESULT([yes])],
    [AC_COMPILE_IFELSE([_CM_DOVECOT_AUTH_PROGRAM([#include "cm-auth-sasl.h"])],
      [AC_MSG_RESULT([with cm-auth-sasl.h])
       AC_DEFINE([CM_DOVECOT_SASL_CLASH], [1], [Two headers of one name])],
      [AC_MSG_RESULT([no])
       AC_MSG_ERROR([the auth headers of Dovecot $cm_dovecot_version do not compile; see config.log])])])
  CPPFLAGS=$cm_save_CPPFLAGS
])

dnl CM_POINTER_ERRORS: a callback with other arguments than Dovecot calls it
dnl with is an error. Its versions differ in that, and a warning passes by.

AC_DEFUN([CM_POINTER_ERRORS], [
  AC_MSG_CHECKING([whether $CC knows -Werror=incompatible-pointer-types])
  cm_save_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -Werror -Werror=incompatible-pointer-types"
  AC_COMPILE_IFELSE([AC_LANG_SOURCE([int cm_probe;])],
    [AC_MSG_RESULT([yes])
     AM_CFLAGS="$AM_CFLAGS -Werror=incompatible-pointer-types"],
    [AC_MSG_RESULT([no])])
  CFLAGS=$cm_save_CFLAGS
])
