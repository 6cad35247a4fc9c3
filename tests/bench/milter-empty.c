/* SPDX-License-Identifier: MIT
 *
 * milter-empty SOCKET: the floor. Has libmilter take the same events in the
 * same way as chatmail-milter (milter/cm-milter.c) and accepts every message
 * unseen, so that the rest of the cost can be told apart: Postfix's and
 * libmilter's own.
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <sys/stat.h>

#define STEPS                                                                  \
	(SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NODATA |     \
	 SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT |       \
	 SMFIP_NR_DATA | SMFIP_NR_UNKN | SMFIP_NR_HDR | SMFIP_NR_EOH |         \
	 SMFIP_NR_BODY | SMFIP_HDR_LEADSPC)

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions,
			     unsigned long steps, unsigned long f2,
			     unsigned long f3, unsigned long *actions_r,
			     unsigned long *steps_r, unsigned long *f2_r,
			     unsigned long *f3_r)
{
	static char at_mail[] = "{auth_authen} {daemon_name}", at_eom[] = "i";

	(void)f2;
	(void)f3;
	*actions_r = actions & (SMFIF_SETSYMLIST | SMFIF_CHGHDRS |
				SMFIF_CHGFROM);
	*steps_r = steps & STEPS;
	*f2_r = *f3_r = 0;
	(void)smfi_setsymlist(ctx, SMFIM_ENVFROM, at_mail);
	(void)smfi_setsymlist(ctx, SMFIM_EOM, at_eom);
	return SMFIS_CONTINUE;
}

static sfsistat on_envelope(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return SMFIS_NOREPLY;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return SMFIS_NOREPLY;
}

static sfsistat on_eoh(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	return SMFIS_NOREPLY;
}

static sfsistat on_eom(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_ACCEPT;
}

int main(int argc, char **argv)
{
	static char name[] = "milter-empty";
	static const struct smfiDesc description = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_CHGHDRS | SMFIF_CHGFROM,
		.xxfi_envfrom = on_envelope,
		.xxfi_envrcpt = on_envelope,
		.xxfi_header = on_header,
		.xxfi_eoh = on_eoh,
		.xxfi_body = on_body,
		.xxfi_eom = on_eom,
		.xxfi_negotiate = on_negotiate
	};
	char conn[256];

	if (argc != 2 || snprintf(conn, sizeof(conn), "unix:%s", argv[1]) >=
				 (int)sizeof(conn)) {
		(void)fprintf(stderr, "usage: milter-empty SOCKET\n");
		return 2;
	}
	(void)umask(0); /* Postfix is another user */
	if (smfi_setconn(conn) != MI_SUCCESS ||
	    smfi_register(description) != MI_SUCCESS)
		return 1;
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
