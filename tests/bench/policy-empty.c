/* SPDX-License-Identifier: MIT
 *
 * policy-empty: the floor. Reads requests to their empty line and answers
 * DUNNO, whatever they are.
 */
#include <string.h>
#include <unistd.h>

int main(void)
{
	static const char reply[] = "action=DUNNO\n\n";
	char buf[4096];
	size_t used = 0;
	ssize_t n;

	while ((n = read(0, buf + used, sizeof(buf) - used)) > 0) {
		used += (size_t)n;
		if (used < 2 || memcmp(buf + used - 2, "\n\n", 2) != 0)
			continue;
		used = 0;
		if (write(1, reply, sizeof(reply) - 1) < 0)
			return 1;
	}
	return 0;
}
