// Which normal images a few-shot run is given: drawn without replacement, by a seed, the same on every machine.
import { createHash } from "node:crypto";
import type { CategoryData, Problem } from "../datasets/dataset.js";
import { readImage } from "./readable.js";

export interface Drawn {
	readonly files: readonly string[];
	/** Ids that are test images too, and so do not count in this run. */
	readonly spent: ReadonlySet<string>;
}

/** Draws from the training images, or where a category has none from the good test images, of which one must be left. */
export class Sampler {
	/** Images that turned out unreadable when they were drawn; the next ones took their places. */
	readonly problems: Problem[] = [];
	readonly fromTest: boolean;
	readonly #pool: readonly { id: string; file: string }[];
	readonly #readable = new Map<string, Promise<boolean>>();

	constructor(readonly category: CategoryData) {
		this.fromTest = category.train.length === 0;
		this.#pool = this.fromTest
			? category.test.filter(({ anomalous }) => !anomalous)
			: category.train;
	}

	/** How many can be drawn, as far as names tell. */
	get most(): number {
		return Math.max(0, this.#pool.length - Number(this.fromTest));
	}

	/** undefined where there are not enough. */
	async draw(shots: number, seed: number): Promise<Drawn | undefined> {
		// By the hash of seed and name: the order owes nothing to the file system, and k references are among the first k + 1.
		const rank = (id: string) =>
			createHash("sha256")
				.update(`${seed}\n${this.category.name}\n${id}`)
				.digest("hex");
		const ranked = this.#pool
			.map((each) => ({ ...each, rank: rank(each.id) }))
			.sort((a, b) => (a.rank < b.rank ? -1 : 1));
		const drawn = [];
		for (const each of ranked) {
			if (drawn.length === shots) break;
			if (await this.#check(each)) drawn.push(each);
		}
		if (drawn.length < shots || shots > this.most) return undefined;
		return {
			files: drawn.map(({ file }) => file),
			spent: new Set(this.fromTest ? drawn.map(({ id }) => id) : []),
		};
	}

	#check(image: { id: string; file: string }): Promise<boolean> {
		const known =
			this.#readable.get(image.id) ??
			readImage(image).then(({ error }) => {
				if (error !== undefined)
					this.problems.push({
						kind: "unreadable-image",
						category: this.category.name,
						where: image.id,
						message: error,
					});
				return error === undefined;
			});
		this.#readable.set(image.id, known);
		return known;
	}
}
