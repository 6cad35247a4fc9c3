// SPDX-License-Identifier: MIT
//
// The relay under test, as the env file of tests/lib/relay.sh describes it.

import { randomInt } from 'node:crypto';

const NAME_LENGTH = 9;
const NAME_CHARS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const PASSWORD_LENGTH = 22;
const PASSWORD_CHARS = NAME_CHARS + 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

function random_text(length, chars) {
	let text = '';

	for (let i = 0; i < length; i++)
		text += chars[randomInt(chars.length)];
	return text;
}

function need(env, key) {
	if (!env[key])
		throw new Error(`${key} is not set: source the relay's env file`);
	return env[key];
}

/** Where the relay listens, out of the environment. */
export function relay_from_env(env) {
	return {
		domain: need(env, 'RELAY_DOMAIN'),
		host: need(env, 'RELAY_HOST'),
		imaps: need(env, 'RELAY_IMAPS_PORT'),
		smtps: need(env, 'RELAY_SMTPS_PORT'),
		imap: env.RELAY_IMAP_PORT,
		submission: env.RELAY_SUBMISSION_PORT,
	};
}

/** Name and password as Delta Chat makes them up for a new account. */
export function new_login(relay) {
	return {
		addr: `${random_text(NAME_LENGTH, NAME_CHARS)}@${relay.domain}`,
		password: random_text(PASSWORD_LENGTH, PASSWORD_CHARS),
	};
}

/**
 * The dclogin: link of an account. Ports and host are given, so the core asks
 * no autoconfig server; ic=3 takes the test's self-signed certificate.
 */
export function dclogin(relay, login, { starttls = false } = {}) {
	const security = starttls ? 'starttls' : 'ssl';
	const param = new URLSearchParams({
		p: login.password,
		v: '1',
		ih: relay.host,
		ip: starttls ? relay.imap : relay.imaps,
		is: security,
		sh: relay.host,
		sp: starttls ? relay.submission : relay.smtps,
		ss: security,
		ic: '3',
	});

	return `dclogin:${login.addr}?${param}`;
}
