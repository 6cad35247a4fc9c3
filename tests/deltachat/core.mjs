// SPDX-License-Identifier: MIT
//
// One Delta Chat core: its server process, its one account, its events.
//
// Every wait here has a deadline, every failure says what was waited for, and
// dump() returns what the core itself said, for the report of a failed test.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Longest a single call into the core may take (it answers in milliseconds). */
const CALL_SECONDS = 30;
/** But for those that ask name servers, each for as long as the core likes. */
const SLOW_CALLS = new Map([['iceServers', 70]]);
/** Configuring logs in twice; the core itself gives up after 60 s. */
const CONFIGURE_SECONDS = 70;
/** What until() and event() wait when told nothing. */
const WAIT_SECONDS = 45;
/** until() looks again after this long even if no event came. */
const POLL_MS = 1000;
/** Events of one account shown when a test fails. */
const DUMP_EVENTS = 60;
/** Kinds that say nothing about what the relay did. */
const DULL_KINDS = new Set(['AccountsChanged', 'AccountsItemChanged',
	'ChatlistChanged', 'ChatlistItemChanged', 'ConnectivityChanged',
	'ContactsChanged', 'DeletedBlobFile', 'NewBlobFile']);
/** How long a core may take to end when its input closes. */
const CLOSE_SECONDS = 5;

/**
 * Fails with "<what>: nothing after N s" if the promise takes longer.
 * The loser is left alone: the process that serves it is ended at the end.
 */
export function deadline(promise, seconds, what) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(
			() => reject(new Error(`${what}: nothing after ${seconds} s`)),
			seconds * 1000);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** JSON-RPC errors are plain objects; give them a stack and a name. */
function rpc_error(method, err) {
	if (err instanceof Error)
		return err;
	return new Error(`${method}: ${err?.message ?? JSON.stringify(err)}`);
}

/**
 * Loads the two npm packages from MODULES (the directory that holds
 * node_modules). They are not beside this file, and import statements look
 * nowhere else, hence the detour.
 */
export async function load_packages(modules) {
	const require = createRequire(path.join(modules, 'package.json'));
	const client = require('@deltachat/jsonrpc-client');
	// This one comes as an ES module only.
	const server = await import(pathToFileURL(
		require.resolve('@deltachat/stdio-rpc-server')).href);

	return {
		StdioDeltaChat: client.StdioDeltaChat,
		server_path: server.getRPCServerPath(),
	};
}

export class Core {
	/**
	 * @param packages result of load_packages()
	 * @param dir an empty or not yet existing directory of its own
	 * @param name what the report calls it
	 */
	constructor(packages, dir, name) {
		this.name = name;
		this.dir = dir;
		this.events = [];
		this.watchers = new Set();
		this.ended = null;
		this.closing = false;
		fs.mkdirSync(dir, { recursive: true });
		this.#spawn(packages);
		this.#connect(packages);
		this.#pump();
	}

	#spawn(packages) {
		const log = fs.openSync(path.join(this.dir, 'stderr.log'), 'a');

		this.child = spawn(packages.server_path, [], {
			env: {
				DC_ACCOUNTS_PATH: path.join(this.dir, 'accounts'),
				RUST_LOG: process.env.RUST_LOG ?? 'warn',
			},
			stdio: ['pipe', 'pipe', log],
		});
		fs.closeSync(log);
		this.exited = new Promise((resolve) => {
			const end = (why) => {
				this.ended ??= why;
				this.#wake();
				resolve();
			};
			this.child.on('error', (err) => end(err.message));
			this.child.on('exit', (code, signal) =>
				end(`ended (${signal ?? code})`));
		});
		this.child.stdin.on('error', () => {});
		// A chunk may end inside a character.
		this.child.stdout.setEncoding('utf8');
	}

	#connect(packages) {
		const { rpc } = new packages.StdioDeltaChat(
			this.child.stdin, this.child.stdout, false);

		this.raw = rpc;
		this.rpc = new Proxy({}, {
			get: (_, method) => (...args) =>
				this.#call(method, args,
					SLOW_CALLS.get(method) ?? CALL_SECONDS),
		});
	}

	async #call(method, args, seconds) {
		if (this.ended)
			throw new Error(`${this.name}: the core ${this.ended}`);
		const gone = this.exited.then(() => {
			throw new Error(`${this.name}: the core ${this.ended}`);
		});
		try {
			return await deadline(
				Promise.race([this.raw[method](...args), gone]),
				seconds, `${this.name}: ${method}`);
		} catch (err) {
			throw rpc_error(method, err);
		}
	}

	/** Collects events for as long as the process lives. */
	async #pump() {
		for (;;) {
			let batch;
			try {
				batch = await Promise.race([
					this.raw.getNextEventBatch(), this.exited]);
			} catch (err) {
				this.ended ??= rpc_error('getNextEventBatch', err).message;
			}
			if (!batch)
				return this.#wake();
			for (const { event } of batch)
				this.events.push({ time: Date.now(), ...event });
			this.#wake();
		}
	}

	#wake() {
		for (const wake of [...this.watchers])
			wake();
	}

	/** Resolves at the next event, at the core's end, or after MS. */
	#next(ms) {
		return new Promise((resolve) => {
			const wake = () => {
				clearTimeout(timer);
				this.watchers.delete(wake);
				resolve();
			};
			const timer = setTimeout(wake, ms);
			this.watchers.add(wake);
		});
	}

	/**
	 * Calls LOOK again at every event until it returns something truthy, and
	 * returns that. LOOK may be async; what it throws is passed on at once.
	 */
	async until(what, look, seconds = WAIT_SECONDS) {
		const end = Date.now() + seconds * 1000;

		for (;;) {
			const seen = this.events.length;
			const found = await look();

			if (found)
				return found;
			if (this.ended)
				throw new Error(`${this.name}: ${what}: the core ${this.ended}`);
			const left = end - Date.now();
			if (left <= 0)
				throw new Error(
					`${this.name}: ${what}: not within ${seconds} s`);
			if (this.events.length === seen)
				await this.#next(Math.min(POLL_MS, left));
		}
	}

	/** Position in the event list, for event()'s SINCE. */
	mark() {
		return this.events.length;
	}

	/** The first event of KIND after SINCE for which MATCH holds. */
	event(kind, { since = 0, match = () => true, seconds = WAIT_SECONDS } = {}) {
		const look = () => {
			for (; since < this.events.length; since++) {
				const event = this.events[since];
				if (event.kind === kind && match(event))
					return event;
			}
			return null;
		};

		return this.until(`event ${kind}`, look, seconds);
	}

	/**
	 * Makes this core's account from a dclogin: link. Throws the core's own
	 * text if the relay refuses it.
	 */
	async configure(link, config = {}) {
		this.id = await this.rpc.addAccount();
		await this.rpc.batchSetConfig(this.id, config);
		await this.#call('addTransportFromQr', [this.id, link],
			CONFIGURE_SECONDS);
		this.addr = await this.rpc.getConfig(this.id, 'addr');
	}

	/** Connects, and returns once the inbox is being watched. */
	async online() {
		const since = this.mark();

		await this.rpc.startIo(this.id);
		await this.event('ImapInboxIdle', { since });
	}

	/**
	 * The first message for which MATCH holds. One from somebody new sits in
	 * a chat of its own, so all messages are looked at, not a chat's.
	 */
	message(what, match, { seconds = WAIT_SECONDS } = {}) {
		return this.until(what, async () => {
			const ids = await this.#message_ids();
			const found = await this.rpc.getMessages(this.id, ids);

			return ids.map((id) => found[id]).find((msg) =>
				msg?.kind === 'message' && match(msg));
		}, seconds);
	}

	async #message_ids() {
		const chats = await this.rpc.getChatlistEntries(
			this.id, null, null, null);
		const lists = await Promise.all(chats.map((chat) =>
			this.rpc.getMessageIds(this.id, chat, false, false)));

		return lists.flat().sort((a, b) => a - b);
	}

	/** What the core said lately, a line each. */
	dump() {
		const telling = this.events.filter(({ kind }) => !DULL_KINDS.has(kind));
		const lines = telling.slice(-DUMP_EVENTS).map((event) => {
			const { time, kind, ...rest } = event;
			const text = rest.msg ?? JSON.stringify(rest);
			return `${new Date(time).toISOString().slice(11, 23)} ${kind}: ${text}`;
		});

		if (this.ended && !this.closing)
			lines.push(`the core ${this.ended}`);
		return lines.map((line) => `${this.name}: ${line}`);
	}

	/** Ends the process: by closing its input, then by force. */
	async close() {
		this.closing = true;
		this.child.stdin.end();
		try {
			await deadline(this.exited, CLOSE_SECONDS, 'close');
		} catch {
			this.child.kill('SIGKILL');
			await this.exited;
		}
	}
}
