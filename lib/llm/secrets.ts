// Keys and tokens: known here so that no message, result or file ever carries one.

const secretHeader = /auth|key|token|secret|cookie|passw|credential/i;
const shortest = 6; // "none" and the like, which servers without keys are given, are words, not secrets

export class Secrets {
	readonly #spellings: string[];

	constructor(key: string | undefined, headers: Record<string, string>) {
		const held = Object.entries(headers).flatMap(([name, value]) =>
			secretHeader.test(name) ? [value, ...value.split(/[\s;=]+/)] : [],
		);
		const values = [key ?? "", ...held].filter(
			(value) => value.length >= shortest,
		);
		const spellings = values.flatMap((value) => [
			value,
			encodeURIComponent(value),
			JSON.stringify(value).slice(1, -1),
		]);
		this.#spellings = [...new Set(spellings)].sort(
			(a, b) => b.length - a.length,
		);
	}

	/** The text with every secret in it replaced. */
	hide(text: string): string {
		return this.#spellings.reduce(
			(rest, spelling) => rest.replaceAll(spelling, "[redacted]"),
			text,
		);
	}
}
