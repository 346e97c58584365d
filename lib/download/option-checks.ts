// Checks of the options that all downloads share.
import {
	boolean,
	type Check,
	func,
	number,
	signal,
	text,
	wrongType,
	wrongValue,
} from "../options/validate.js";

/** An http or https address that carries no secrets. */
export const serverAddress: Check<string> = (value, name) => {
	const address = text(value, name);
	const url = URL.canParse(address) ? new URL(address) : undefined;
	const hasCredentials = Boolean(url?.username || url?.password);
	const isPlain =
		url && /^https?:$/.test(url.protocol) && !url.search && !url.hash;
	if (isPlain && !hasCredentials) return address;
	throw wrongValue(
		"an http or https address without credentials, query and fragment",
		name,
		url?.password ? "one with credentials" : value,
	);
};

export const sha256Hash: Check<string> = (value, name) => {
	if (typeof value !== "string") throw wrongType("a SHA-256", name, value);
	if (!/^[0-9a-f]{64}$/i.test(value))
		throw wrongValue("a SHA-256 of 64 hexadecimal digits", name, value);
	return value;
};

export const commonChecks = {
	refresh: boolean,
	signal,
	onProgress: func,
	retries: number({ integer: true, min: 0, max: 100 }),
	timeout: number({ integer: true, min: 1, max: 3_600_000 }),
} satisfies Record<string, Check>;

export const defaultRetries = 4;
export const defaultTimeout = 30_000; // milliseconds

export const withoutTrailingSlashes = (address: string) =>
	address.replace(/\/+$/, "");
