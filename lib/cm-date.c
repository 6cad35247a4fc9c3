/* SPDX-License-Identifier: MIT */
#include "cm-date.h"
#include "cm-addr.h"
#include "cm-header.h"

#include <stdio.h>
#include <string.h>

/* Unfolded; the longest zone comments are of that size. */
#define MAX_TEXT 128

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Which of the names is it, or -1. */
static int find_name(const char *names, const char *text)
{
	int i;

	for (i = 0; names[i * 3] != '\0'; i++) {
		if (strlen(text) >= 3 &&
		    cm_ascii_equal_n(names + (size_t)i * 3, text, 3))
			return i;
	}
	return -1;
}

static const char *skip_space(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* A number of min to max digits, or -1. */
static int number(const char **p, int min, int max)
{
	int value = 0, n;

	for (n = 0; n < max && **p >= '0' && **p <= '9'; n++)
		value = value * 10 + *(*p)++ - '0';
	return n < min || (**p >= '0' && **p <= '9') ? -1 : value;
}

/* Days since 1970 of a day in the Gregorian calendar, the year beginning in
 * March so that leap days are at its end. */
static int64_t day_number(int year, int month, int day)
{
	int64_t y = month < 2 ? year - 1 : year;
	int m = (month + 10) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day -
	       1 - 719468;
}

static bool day_exists(int year, int month, int day)
{
	int next = (month + 1) % 12;

	return day >= 1 &&
	       day <= day_number(month == 11 ? year + 1 : year, next, 1) -
			       day_number(year, month, 1);
}

/* Minutes east of Greenwich. */
static int zone(const char **p, int *minutes_r)
{
	static const struct {
		const char *name;
		int hours;
	} names[] = {
		{ "GMT", 0 }, { "UTC", 0 }, { "UT", 0 }, { "Z", 0 },
		{ "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 },
		{ "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 }
	};
	const char *start = *p;
	size_t i, len;
	int value;

	if (*start == '+' || *start == '-') {
		(*p)++;
		value = number(p, 4, 4);
		if (value < 0 || value % 100 > 59)
			return -1;
		*minutes_r = value / 100 * 60 + value % 100;
		if (*start == '-')
			*minutes_r = -*minutes_r;
		return 0;
	}
	while (cm_ascii_is_alnum(**p))
		(*p)++;
	len = (size_t)(*p - start);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strlen(names[i].name) == len &&
		    cm_ascii_equal_n(names[i].name, start, len)) {
			*minutes_r = names[i].hours * 60;
			return 0;
		}
	}
	return -1;
}

/* hh:mm[:ss] */
static int time_of_day(const char **p, int *seconds_r)
{
	int hour = number(p, 1, 2), minute, second = 0;

	if (hour < 0 || hour > 23 || *(*p)++ != ':')
		return -1;
	minute = number(p, 2, 2);
	if (**p == ':') {
		(*p)++;
		second = number(p, 2, 2);
	}
	/* 60: a leap second */
	if (minute < 0 || minute > 59 || second < 0 || second > 60)
		return -1;
	*seconds_r = (hour * 60 + minute) * 60 + second;
	return 0;
}

/* RFC 5322 4.3 */
static int full_year(int year, const char *start, const char *end)
{
	if (end - start == 2)
		return year < 50 ? year + 2000 : year + 1900;
	return end - start == 3 ? year + 1900 : year;
}

/* Nothing, or one comment without another in it. */
static bool ends(const char *p)
{
	const char *close;

	p = skip_space(p);
	if (*p != '(')
		return *p == '\0';
	close = strchr(p, ')');
	return close != NULL && strpbrk(p + 1, "(\\") == NULL &&
	       close[1] == '\0';
}

int cm_date_parse(const char *value, size_t len, int64_t *time_r)
{
	char text[MAX_TEXT];
	const char *p = text, *start;
	int day, month, year, seconds, minutes;

	if (cm_header_unfold(value, len, text, sizeof(text)) < 0)
		return -1;
	if (find_name(days, p) >= 0) {
		p = skip_space(p + 3);
		if (*p++ != ',')
			return -1;
		p = skip_space(p);
	}
	day = number(&p, 1, 2);
	p = skip_space(p);
	month = find_name(months, p);
	if (day < 0 || month < 0)
		return -1;
	start = p = skip_space(p + 3);
	year = number(&p, 2, 4);
	year = full_year(year, start, p);
	if (year < 1970 || !day_exists(year, month, day))
		return -1;
	p = skip_space(p);
	if (time_of_day(&p, &seconds) < 0)
		return -1;
	p = skip_space(p);
	if (zone(&p, &minutes) < 0 || !ends(p))
		return -1;
	*time_r = day_number(year, month, day) * 86400 + seconds -
		minutes * 60;
	/* the zone may take it across one of the bounds */
	return *time_r >= 0 && *time_r < day_number(10000, 0, 1) * 86400 ? 0 :
									   -1;
}

/* pad: what stands before a day of one digit, or NUL. */
static void format(int64_t time, char pad, char dest[CM_DATE_SIZE])
{
	int64_t number = time / 86400;
	unsigned int seconds = (unsigned int)(time % 86400), day;
	int year, month = 11;
	char day_text[3] = "";

	/* never too late, at most some years too early */
	year = 1970 + (int)(number / 366);
	while (day_number(year + 1, 0, 1) <= number)
		year++;
	while (day_number(year, month, 1) > number)
		month--;
	day = (unsigned int)(number - day_number(year, month, 1)) + 1;
	day_text[0] = day < 10 ? pad : (char)('0' + day / 10);
	day_text[day < 10 && pad == '\0' ? 0 : 1] = (char)('0' + day % 10);
	(void)snprintf(dest, CM_DATE_SIZE,
		       "%.3s, %s %.3s %04u %02u:%02u:%02u +0000",
		       days + (number + 4) % 7 * 3, day_text,
		       months + (size_t)month * 3, (unsigned int)year % 10000,
		       seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

void cm_date_format(int64_t time, char dest[CM_DATE_SIZE])
{
	format(time, '0', dest);
}

bool cm_date_plain(const char *value, size_t len)
{
	static const char pads[] = { '0', '\0', ' ' };
	char text[CM_DATE_SIZE], plain[CM_DATE_SIZE];
	int64_t time;
	size_t i;

	if (cm_date_parse(value, len, &time) < 0 ||
	    cm_header_unfold(value, len, text, sizeof(text)) < 0)
		return false;
	for (i = 0; i < sizeof(pads); i++) {
		format(time, pads[i], plain);
		if (strcmp(text, plain) == 0)
			return true;
	}
	return false;
}
