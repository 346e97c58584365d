// What a refused call looks like: the right class, a stable code, and a message that helps.
import { expect } from "vitest";
import { AlfaError } from "../../dist/index.js";

const classes: Record<string, new (...args: never[]) => Error> = {
	ERR_ALFA_ARGUMENT: TypeError,
	ERR_ALFA_RANGE: RangeError,
};

/** Expects `call` to throw or reject with that code, with all of `says` in its message. */
export async function expectRefusal(
	call: () => unknown,
	code: string,
	...says: (string | RegExp)[]
): Promise<void> {
	let thrown: unknown;
	try {
		await call();
	} catch (error) {
		thrown = error;
	}
	expect(
		thrown,
		`nothing was thrown where ${code} was expected`,
	).toBeInstanceOf(classes[code] ?? AlfaError);
	const error = thrown as Error & { code: string };
	expect(error.code, error.message).toBe(code);
	for (const words of says) expect(error.message).toMatch(words);
}
