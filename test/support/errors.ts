import { expect } from "vitest";
import { AlfaError } from "../../dist/index.js";

const classes: Record<string, new (...args: never[]) => Error> = {
	ERR_ALFA_ARGUMENT: TypeError,
	ERR_ALFA_RANGE: RangeError,
};

/**
 * Expects `call` to throw, or its promise to reject, with an error of this code and of the class
 * that belongs to the code. The message must contain or match every one of `messageParts`.
 */
export async function expectError(
	call: () => unknown,
	code: string,
	...messageParts: (string | RegExp)[]
): Promise<void> {
	let error: unknown;
	try {
		await call();
	} catch (thrown) {
		error = thrown;
	}
	expect(error, `expected ${code}, but nothing was thrown`).toBeInstanceOf(
		classes[code] ?? AlfaError,
	);
	const { code: actualCode, message } = error as AlfaError;
	expect(actualCode, message).toBe(code);
	for (const part of messageParts) expect(message).toMatch(part);
}
