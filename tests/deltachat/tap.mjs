// SPDX-License-Identifier: MIT
//
// Runs tests one after another and reports them as TAP. The first failure of
// a test fails those that need its result, with the reason, without trying.

const LINE_MAX = 400;

/** Prints TEXT as TAP comment lines, long lines cut. */
export function diag(text) {
	for (const line of String(text).split('\n'))
		console.log(`# ${line.slice(0, LINE_MAX)}`);
}

/** Throws MESSAGE unless VALUE holds. */
export function check(value, message) {
	if (!value)
		throw new Error(message);
}

/** Throws, showing both, unless GOT is WANT. */
export function same(got, want, what) {
	check(Object.is(got, want),
		`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

/** The lines of ours that led to ERR. */
function where(err) {
	const frames = err.stack?.match(/[^/\s]+\.mjs:\d+/g) ?? [];

	return `at ${frames.join(', from ')}`;
}

export class Suite {
	#tests = [];

	/** RUN is async and throws to fail; NEEDS names tests to have passed. */
	add(name, needs, run) {
		this.#tests.push({ name, needs, run, passed: false });
	}

	#missing(test) {
		return test.needs.find((need) =>
			!this.#tests.find(({ name }) => name === need).passed);
	}

	async #run_one(test) {
		const missing = this.#missing(test);

		if (missing)
			throw new Error(`not tried: it needs "${missing}"`);
		await test.run();
	}

	/** Runs all; ON_FAILURE returns more lines for the report. */
	async run(on_failure) {
		let failed = 0;

		console.log(`1..${this.#tests.length}`);
		for (const [i, test] of this.#tests.entries()) {
			const start = Date.now();
			try {
				await this.#run_one(test);
				test.passed = true;
				console.log(`ok ${i + 1} - ${test.name}`);
				diag(`${Date.now() - start} ms`);
			} catch (err) {
				failed++;
				console.log(`not ok ${i + 1} - ${test.name}`);
				diag(err.message);
				if (this.#missing(test))
					continue;
				diag(where(err));
				on_failure().forEach(diag);
			}
		}
		return failed;
	}
}
