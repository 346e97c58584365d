// Removes keys and tokens from every text, so that no message, result or file contains one.

/** Whether a header of that name usually holds a secret. */
export const isSecretHeader = (name: string) =>
	/auth|key|token|secret|cookie|passw|credential/i.test(name);

/** Shorter values, such as the "none" that servers without keys are given, are words and not secrets. */
const minLength = 6;

export class SecretRedactor {
	/** Every spelling of every secret, the longest first. */
	readonly #spellings: string[];

	constructor(key: string | undefined, headers: Record<string, string>) {
		const secrets = [key ?? "", ...secretValues(headers)].filter(
			(value) => value.length >= minLength,
		);
		this.#spellings = [...new Set(secrets.flatMap(spellingsOf))].sort(
			(a, b) => b.length - a.length,
		);
	}

	/** The text with every secret replaced by "[redacted]". */
	redact(text: string): string {
		let redacted = text;
		for (const spelling of this.#spellings)
			redacted = redacted.replaceAll(spelling, "[redacted]");
		return redacted;
	}
}

/** Values of headers that hold secrets, completely and in parts: "Bearer KEY", "name=KEY;". */
const secretValues = (headers: Record<string, string>) =>
	Object.entries(headers)
		.filter(([name]) => isSecretHeader(name))
		.flatMap(([, value]) => [value, ...value.split(/[\s;=]+/)]);

const spellingsOf = (value: string) => [
	value,
	encodeURIComponent(value),
	JSON.stringify(value).slice(1, -1),
];
