# SPDX-License-Identifier: MIT
#
# Reads TAP of one or many programs ("# == NAME" in front of each), prints
# "PASSED FAILED SKIPPED". A program that ends without a plan, that ran other
# than planned, or that bailed out, is one failure more.

function section_end() {
	if (!open)
		return
	if (bailed || plan < 0 || (plan != seen && plan >= 0))
		failed++
	open = 0
}

function section_begin() {
	section_end()
	open = 1
	plan = -1
	seen = 0
	bailed = 0
}

BEGIN { passed = failed = skipped = 0; open = 0 }
/^# == [^ \/]+$/ { section_begin(); next }
{ if (!open && /^(ok|not ok|1\.\.|Bail out!)/) section_begin() }
/^Bail out!/ { bailed = 1; next }
/^1\.\.[0-9]+/ {
	plan = substr($1, 4) + 0
	if (plan == 0)
		skipped++
	next
}
/^(not )?ok([ \t]|$)/ {
	seen++
	if ($0 ~ /# *[Ss][Kk][Ii][Pp]/)
		skipped++
	else if ($0 ~ /# *TODO/)
		skipped++
	else if (/^ok/)
		passed++
	else
		failed++
}
END { section_end(); print passed, failed, skipped }
