// Counts requests and tokens, as far as the server reports them.

export interface LlmUsage {
	/** HTTP requests, retries included. */
	requests: number;
	/** Requests that repeat a failed one. */
	retries: number;
	promptTokens: number;
	completionTokens: number;
	/** From `llm.price`, else the sum of what the server reports. Left out if neither is known. */
	cost?: number;
}

const maxCount = 1e9;

export class UsageMeter {
	requests = 0;
	retries = 0;
	readonly #price: { prompt: number; completion: number } | undefined;
	#promptTokens = 0;
	#completionTokens = 0;
	#reportedCost: number | undefined;

	constructor(price: { prompt: number; completion: number } | undefined) {
		this.#price = price;
	}

	/** Adds the `usage` of an answer. It is untrusted and may be anything. */
	add(usage: unknown): void {
		const isObject = typeof usage === "object" && usage !== null;
		const { prompt_tokens, completion_tokens, cost } = (
			isObject ? usage : {}
		) as Record<string, unknown>;
		this.#promptTokens += Math.floor(toCount(prompt_tokens));
		this.#completionTokens += Math.floor(toCount(completion_tokens));
		if (typeof cost === "number")
			this.#reportedCost = (this.#reportedCost ?? 0) + toCount(cost);
	}

	total(): LlmUsage {
		const cost = this.#cost();
		return {
			requests: this.requests,
			retries: this.retries,
			promptTokens: this.#promptTokens,
			completionTokens: this.#completionTokens,
			...(cost !== undefined && { cost }),
		};
	}

	/** Prices are per million tokens. */
	#cost(): number | undefined {
		if (!this.#price) return this.#reportedCost;
		const { prompt, completion } = this.#price;
		return (
			(this.#promptTokens * prompt + this.#completionTokens * completion) / 1e6
		);
	}
}

/** The value if it is a plausible number, else 0. */
function toCount(value: unknown): number {
	if (typeof value !== "number" || !Number.isFinite(value)) return 0;
	return value >= 0 && value < maxCount ? value : 0;
}
