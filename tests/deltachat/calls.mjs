// SPDX-License-Identifier: MIT
//
// Tests of chat-test.mjs: which servers the core would call through, read
// from the relay's IMAP METADATA. The core looks at its login, so each test
// has an account of its own.

import { createHmac, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { check, diag, same } from './tap.mjs';

const PORT = 3478;
const SECRET_MODE = 0o640;
const MIN_LIFE = 13 * 3600;
const MAX_LIFE = 5 * 86400;

/** Writes FILE anew, for root and the group that owns the mailboxes. */
function write(file, text, mode = SECRET_MODE) {
	const { gid } = fs.statSync(process.env.RELAY_MAILBOXES);

	fs.writeFileSync(`${file}.new`, text, { mode });
	fs.chmodSync(`${file}.new`, mode);
	fs.chownSync(`${file}.new`, 0, gid);
	fs.renameSync(`${file}.new`, file);
}

/** Calls RUN while chatmail.ini says turn_host = HOST. */
async function with_turn_host(host, run) {
	const ini = process.env.RELAY_CONFIG;
	const before = fs.readFileSync(ini, 'utf8');
	const { mode } = fs.statSync(ini);

	write(ini, `${before}turn_host = ${host}\n`, mode & 0o777);
	try {
		return await run();
	} finally {
		write(ini, before, mode & 0o777);
	}
}

function check_credential(server, secret) {
	const now = Date.now() / 1000;
	const want = createHmac('sha1', secret).update(server.username)
		.digest('base64');

	check(/^\d+$/.test(server.username), `user name ${server.username}`);
	check(Number(server.username) > now + MIN_LIFE &&
		Number(server.username) <= now + MAX_LIFE,
	`expires in ${Number(server.username) - now} s`);
	same(server.credential, want, 'password');
}

/**
 * NEW_ONLINE(name) makes an account and connects it.
 */
export function add_call_tests(suite, new_online) {
	const secret_file = path.join(process.env.RELAY_DIR, 'turn-secret');
	const secret = randomBytes(32).toString('hex');
	const servers = async (name) => {
		const core = await new_online(name);

		return JSON.parse(await core.rpc.iceServers(core.id));
	};

	suite.add('calls go through our TURN server and no other', [],
		async () => {
		write(secret_file, `${secret}\n`);
		const found = await with_turn_host('127.0.0.1',
			() => servers('caller'));

		same(found.length, 1, 'number of ICE servers');
		same(JSON.stringify(found[0].urls),
			JSON.stringify([`turn:127.0.0.1:${PORT}`]), 'its URLs');
		check_credential(found[0], secret);
	});

	suite.add('by each address that its name has', [], async () => {
		write(secret_file, `${secret}\n`);
		const found = await with_turn_host('localhost',
			() => servers('caller2'));

		same(found.length, 1, 'number of ICE servers');
		diag(found[0].urls.join(' '));
		check(found[0].urls.includes(`turn:127.0.0.1:${PORT}`),
			'not by IPv4');
		check(found[0].urls.every((url) =>
			[`turn:127.0.0.1:${PORT}`, `turn:[::1]:${PORT}`].includes(url)),
		'other URLs');
		check_credential(found[0], secret);
	});

	suite.add('without a secret, the core goes elsewhere', [], async () => {
		fs.rmSync(secret_file, { force: true });
		const found = await with_turn_host('127.0.0.1',
			() => servers('caller3'));

		check(!JSON.stringify(found).includes('127.0.0.1'),
			`the core was told of ${JSON.stringify(found)}`);
	});
}
