dnl SPDX-License-Identifier: MIT
dnl
dnl CM_SECTIONS: of libcmcore a plugin keeps what it calls. libtool puts all of
dnl a convenience library into a module; where compiler and linker can, the
dnl rest goes again, and with it the need for Jansson of who reads no JSON.
dnl Sets CM_SECTIONS_CFLAGS (for libcmcore), CM_SECTIONS_LDFLAGS (for modules)
dnl and CM_UNUSED_LIBS: what the rest would need where it stays.

AC_DEFUN([CM_SECTIONS], [
  CM_SECTIONS_CFLAGS="-ffunction-sections -fdata-sections"
  CM_SECTIONS_LDFLAGS="-Wl,--gc-sections"
  CM_UNUSED_LIBS=
  AC_MSG_CHECKING([whether what a module does not call can be left out])
  cm_save_CFLAGS=$CFLAGS
  cm_save_LDFLAGS=$LDFLAGS
  CFLAGS="$CFLAGS -fPIC $CM_SECTIONS_CFLAGS -fvisibility=hidden"
  LDFLAGS="$LDFLAGS -shared $CM_SECTIONS_LDFLAGS"
  cm_sections=no
  AC_LINK_IFELSE([AC_LANG_SOURCE([[
    int cm_nowhere(void);
    int cm_probe_unused(void);
    int cm_probe_unused(void) { return cm_nowhere(); }
    __attribute__((visibility("default"))) int cm_probe(void);
    int cm_probe(void) { return 0; }]])],
    [AS_IF([$NM -D conftest$EXEEXT >conftest.nm 2>&AS_MESSAGE_LOG_FD &&
        $GREP cm_probe conftest.nm >/dev/null &&
        ! $GREP cm_nowhere conftest.nm >/dev/null], [cm_sections=yes])])
  CFLAGS=$cm_save_CFLAGS
  LDFLAGS=$cm_save_LDFLAGS
  AC_MSG_RESULT([$cm_sections])
  AS_IF([test $cm_sections = no], [
    CM_SECTIONS_CFLAGS=
    CM_SECTIONS_LDFLAGS=
    CM_UNUSED_LIBS=$JANSSON_LIBS
  ])
  AC_SUBST([CM_SECTIONS_CFLAGS])
  AC_SUBST([CM_SECTIONS_LDFLAGS])
  AC_SUBST([CM_UNUSED_LIBS])
])
