// Retries and messages of downloads.
import { describe, expect, test } from "vitest";
import {
	AttemptError,
	retryAfterOf,
	withRetry,
} from "../dist/download/retry.js";
import { writeError } from "../dist/download/write-error.js";

const backoff = { first: 1, max: 50 };
const failure = (options = {}) =>
	new AttemptError("failed", { retryable: true, ...options });

/** An attempt that fails with each error in turn, and then succeeds. */
function failingWith(...errors: Error[]) {
	const attempt = async () => {
		attempt.count++;
		const error = errors.shift();
		if (error) throw error;
		return "success";
	};
	attempt.count = 0;
	return attempt;
}

describe("withRetry", () => {
	test("repeats a retryable failure and counts the retries", async () => {
		const attempt = failingWith(failure(), failure());
		let retries = 0;
		const onRetry = () => {
			retries++;
		};
		const options = { retries: 2, signal: undefined, backoff, onRetry };
		expect(await withRetry(attempt, options)).toBe("success");
		expect([attempt.count, retries]).toEqual([3, 2]);
	});

	test("throws the last failure with the number of attempts", async () => {
		const last = failure();
		const attempt = failingWith(failure(), last, failure());
		const options = { retries: 1, signal: undefined, backoff };
		await expect(withRetry(attempt, options)).rejects.toBe(last);
		expect(last.attempts).toBe(2);
	});

	test.each([
		["a permanent failure", failure({ retryable: false })],
		["another error", new Error("a bug")],
	])("does not repeat %s", async (_, error) => {
		const attempt = failingWith(error);
		const options = { retries: 5, signal: undefined, backoff };
		await expect(withRetry(attempt, options)).rejects.toBe(error);
		expect(attempt.count).toBe(1);
	});

	test("counts the failures from one again after progress", async () => {
		const attempt = failingWith(failure(), failure(), failure());
		const hasProgressed = () => true;
		const options = { retries: 1, signal: undefined, backoff, hasProgressed };
		expect(await withRetry(attempt, options)).toBe("success");
	});

	test("waits as long as the server asks, but not longer than the limit", async () => {
		const start = performance.now();
		const options = { retries: 1, signal: undefined, backoff };
		await withRetry(failingWith(failure({ retryAfter: 40 })), options);
		const middle = performance.now();
		expect(middle - start).toBeGreaterThan(35);
		await withRetry(failingWith(failure({ retryAfter: 60_000 })), options);
		expect(performance.now() - middle).toBeLessThan(5000);
	});

	test("rejects with the signal's reason while it waits", async () => {
		const controller = new AbortController();
		const attempt = failingWith(failure({ retryAfter: 60_000 }));
		const result = withRetry(attempt, {
			retries: 1,
			signal: controller.signal,
			backoff: { first: 1, max: 60_000 },
		});
		setTimeout(() => controller.abort(new Error("enough")), 10);
		await expect(result).rejects.toThrow("enough");
	});
});

test.each([
	[{ "retry-after": "1.5" }, 1500],
	[{ "retry-after": "2", "retry-after-ms": "30" }, 30],
	[{ "retry-after": "soon" }, undefined],
	[{ "retry-after": "-1" }, undefined],
	[{ "retry-after": new Date(0).toUTCString() }, undefined],
	[{}, undefined],
])("retryAfterOf reads %j as %j ms", (headers, ms) =>
	expect(retryAfterOf(new Headers(headers as Record<string, string>))).toBe(ms),
);

test("retryAfterOf reads a date", () => {
	const inTenSeconds = new Date(Date.now() + 10_000).toUTCString();
	const delay = retryAfterOf(new Headers({ "retry-after": inTenSeconds }));
	expect(delay).toBeGreaterThan(8000);
	expect(delay).toBeLessThanOrEqual(10_000);
});

test("a full disk is named with a remedy", () => {
	const cause = Object.assign(
		new Error("ENOSPC: no space left on device, write"),
		{ code: "ENOSPC", syscall: "write" },
	);
	expect(writeError(cause, "x.part")).toMatchObject({
		code: "ERR_ALFA_WRITE",
		message: expect.stringMatching(/x\.part.*disk is full.*ALFA_CACHE/),
		cause,
	});
});

test("an error that does not come from the file system stays as it is", () => {
	const reason = new Error("stopped");
	expect(writeError(reason, "x.part")).toBe(reason);
});
