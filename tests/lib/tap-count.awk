# SPDX-License-Identifier: MIT
#
# Reads TAP of one or many programs ("# == NAME, N s" in front of each), prints
# "PASSED FAILED SKIPPED", then a line for each failure: "NAME: what". A program
# that ends without a plan, that ran other than planned, or that bailed out, is
# one failure more. NAME is left out where there is no such line.

function failure(what) {
	reasons[++failed] = (name == "" ? "" : name ": ") what
}

function section_end() {
	if (!open)
		return
	if (bailed != "")
		failure(bailed)
	else if (plan < 0)
		failure("ended without a plan, after " seen " tests")
	else if (plan != seen)
		failure(plan " tests planned, " seen " ran")
	open = 0
}

function section_begin(called) {
	section_end()
	open = 1
	name = called
	plan = -1
	seen = 0
	bailed = ""
}

BEGIN { passed = failed = skipped = 0; open = 0; name = "" }
/^# == [^ \/]+, [0-9]+ s$/ { section_begin(substr($3, 1, length($3) - 1)); next }
{ if (!open && /^(ok|not ok|1\.\.|Bail out!)/) section_begin("") }
/^Bail out!/ { bailed = $0; next }
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
		failure($0)
}
END {
	section_end()
	print passed, failed, skipped
	for (i = 1; i <= failed; i++)
		print reasons[i]
}
