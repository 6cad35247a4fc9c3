/* SPDX-License-Identifier: MIT
 *
 * Stands in for libFuzzer's main() where the compiler has none: runs the
 * target once over each file named, and over each file of each folder named.
 * TAP; a crash ends it before its plan, which fails it.
 */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

/* Larger seeds are cut. */
#define MAX_SIZE (4 * 1024 * 1024)

static unsigned int count, failed;

static void run_file(const char *path)
{
	uint8_t *data = malloc(MAX_SIZE), *exact;
	FILE *file = fopen(path, "rb");
	size_t size = 0;
	int bad = file == NULL || data == NULL;

	if (!bad) {
		size = fread(data, 1, MAX_SIZE, file);
		bad = ferror(file);
	}
	if (file != NULL)
		(void)fclose(file);
	if (!bad) {
		exact = cm_fuzz_copy(data, size);
		(void)LLVMFuzzerTestOneInput(exact, size);
		free(exact);
	}
	free(data);
	if (bad)
		failed++;
	printf("%s %u - %s\n", bad ? "not ok" : "ok", ++count, path);
	(void)fflush(stdout);
}

static void run_folder(const char *path)
{
	struct dirent **entries;
	char name[4096];
	int i, n = scandir(path, &entries, NULL, alphasort);

	for (i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.') {
			(void)snprintf(name, sizeof(name), "%s/%s", path,
				       entries[i]->d_name);
			run_file(name);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

int main(int argc, char *argv[])
{
	struct stat st;
	int i;

	for (i = 1; i < argc; i++) {
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			run_folder(argv[i]);
		else
			run_file(argv[i]);
	}
	printf("1..%u\n", count);
	return failed > 0 || count == 0 ? 1 : 0;
}
