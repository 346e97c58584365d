// Reproducible damage to a file.

/** A generator of numbers from 0 to below 1 (mulberry32). The same seed gives the same numbers. */
export function randomNumbers(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let value = Math.imul(state ^ (state >>> 15), 1 | state);
		value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
		return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
	};
}

/** `count` damaged copies of the content: changed, missing, added, repeated and exchanged bytes and lines. */
export function* mutations(
	content: Buffer,
	count: number,
	seed = 1,
): Generator<Buffer> {
	const random = randomNumbers(seed);
	const below = (limit: number) => Math.floor(random() * limit);
	const lines = content.toString("latin1").split(/(?<=\n)/);
	const fromLines = (parts: string[]) => Buffer.from(parts.join(""), "latin1");
	for (let i = 0; i < count; i++) {
		const at = below(content.length);
		const line = below(lines.length);
		switch (below(10)) {
			case 0: {
				// One bit.
				const copy = Buffer.from(content);
				copy[at]! ^= 1 << below(8);
				yield copy;
				break;
			}
			case 1: {
				// One digit, which keeps the JSON valid.
				const digits = [...content.entries()].filter(
					([, byte]) => byte >= 0x30 && byte <= 0x39,
				);
				const copy = Buffer.from(content);
				const [index, byte] = digits[below(digits.length)]!;
				copy[index] = 0x30 + ((byte - 0x30 + 1 + below(9)) % 10);
				yield copy;
				break;
			}
			case 2:
				yield content.subarray(0, at);
				break;
			case 3: {
				const end = at + 1 + below(40);
				yield Buffer.concat([content.subarray(0, at), content.subarray(end)]);
				break;
			}
			case 4: {
				const inserted = Buffer.from(
					Array.from({ length: 1 + below(20) }, () => below(256)),
				);
				yield Buffer.concat([
					content.subarray(0, at),
					inserted,
					content.subarray(at),
				]);
				break;
			}
			case 5: {
				const copy = Buffer.from(content);
				copy.fill(0, at, Math.min(copy.length, at + 1 + below(64)));
				yield copy;
				break;
			}
			case 6:
				yield fromLines(lines.filter((_, index) => index !== line));
				break;
			case 7:
				yield fromLines([...lines, lines[line]!]);
				break;
			case 8: {
				// The start of one line, the end of another.
				const other = lines[below(lines.length)]!;
				const cut = below(other.length);
				const mixed = lines[line]!.slice(0, cut) + other.slice(cut);
				yield fromLines(lines.with(line, mixed));
				break;
			}
			default: {
				const parts = ["null", "[]", "{}", '"x"', "-1", "1e999", "true", ""];
				const text = content.toString("latin1");
				const values = [...text.matchAll(/:("[^"]*"|[\d.]+|\[[^\]]*\])/g)];
				const { index, 0: match } = values[below(values.length)]!;
				const part = parts[below(parts.length)]!;
				yield Buffer.from(
					`${text.slice(0, index)}:${part}${text.slice(index + match.length)}`,
					"latin1",
				);
			}
		}
	}
}
