// What was asked and what it used, as far as the server tells.

export interface LlmUsage {
	/** HTTP requests, repeated ones included. */
	requests: number;
	/** Of those, the ones that repeat a failed one. */
	retries: number;
	promptTokens: number;
	completionTokens: number;
	/** From `llm.price`, else the sum of what the server reports; absent where neither says. */
	cost?: number;
}

const count = (value: unknown) =>
	typeof value === "number" &&
	Number.isFinite(value) &&
	value >= 0 &&
	value < 1e9
		? value
		: 0;

export class UsageMeter {
	requests = 0;
	retries = 0;
	#prompt = 0;
	#completion = 0;
	#reported: number | undefined;

	constructor(
		readonly price: { prompt: number; completion: number } | undefined,
	) {}

	/** Adds an answer's `usage`, whatever a server put there. */
	add(usage: unknown): void {
		const { prompt_tokens, completion_tokens, cost } = (
			typeof usage === "object" && usage !== null ? usage : {}
		) as Record<string, unknown>;
		this.#prompt += Math.floor(count(prompt_tokens));
		this.#completion += Math.floor(count(completion_tokens));
		if (typeof cost === "number")
			this.#reported = (this.#reported ?? 0) + count(cost);
	}

	total(): LlmUsage {
		const cost = this.price
			? (this.#prompt * this.price.prompt +
					this.#completion * this.price.completion) /
				1e6
			: this.#reported;
		return {
			requests: this.requests,
			retries: this.retries,
			promptTokens: this.#prompt,
			completionTokens: this.#completion,
			...(cost !== undefined && { cost }),
		};
	}
}
