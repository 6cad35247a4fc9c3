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
