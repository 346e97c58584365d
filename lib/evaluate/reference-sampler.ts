// Draws the reference images of a few-shot run. The draw depends only on the seed and the names, so it is the same on
// every machine.
import { createHash } from "node:crypto";
import type { CategoryData, Problem } from "../datasets/category-data.js";
import type { ImageReading } from "../options/reading.js";
import { readImage } from "./read-image.js";

export interface ReferenceDraw {
	/** Absolute paths. */
	readonly files: readonly string[];
	/** Ids of the references that are also test images. They do not count as test images in this run. */
	readonly testIds: ReadonlySet<string>;
}

interface Candidate {
	readonly id: string;
	readonly file: string;
}

/**
 * Draws without replacement from the training images of a category. If a category has no training images, it draws from
 * the good test images and leaves at least one of them.
 */
export class ReferenceSampler {
	/** Candidates that could not be decoded. The next candidates were drawn instead. */
	readonly problems: Problem[] = [];
	readonly #category: CategoryData;
	readonly #reading: ImageReading;
	readonly #drawsFromTest: boolean;
	readonly #candidates: readonly Candidate[];
	readonly #readable = new Map<string, Promise<boolean>>();

	constructor(category: CategoryData, reading: ImageReading) {
		this.#reading = reading;
		this.#category = category;
		this.#drawsFromTest = category.train.length === 0;
		this.#candidates = this.#drawsFromTest
			? category.test.filter(({ anomalous }) => !anomalous)
			: category.train;
	}

	/** The largest possible number of references, if all candidates can be decoded. */
	get maxShots(): number {
		return Math.max(0, this.#candidates.length - Number(this.#drawsFromTest));
	}

	/** undefined if there are not enough images. */
	async draw(shots: number, seed: number): Promise<ReferenceDraw | undefined> {
		const drawn: Candidate[] = [];
		for (const candidate of this.#ranked(seed)) {
			if (drawn.length === shots) break;
			if (await this.#isReadable(candidate)) drawn.push(candidate);
		}
		if (drawn.length < shots || shots > this.maxShots) return undefined;
		return {
			files: drawn.map(({ file }) => file),
			testIds: new Set(this.#drawsFromTest ? drawn.map(({ id }) => id) : []),
		};
	}

	/**
	 * Sorted by a hash of seed and name. The order does not depend on the file system, and the references of k shots are
	 * the first k of those of k + 1 shots.
	 */
	#ranked(seed: number): Candidate[] {
		const rank = (id: string) =>
			createHash("sha256")
				.update(`${seed}\n${this.#category.name}\n${id}`)
				.digest("hex");
		return this.#candidates
			.map((candidate) => ({ ...candidate, rank: rank(candidate.id) }))
			.sort((a, b) => (a.rank < b.rank ? -1 : 1));
	}

	#isReadable(candidate: Candidate): Promise<boolean> {
		let readable = this.#readable.get(candidate.id);
		if (!readable) {
			readable = this.#tryToRead(candidate);
			this.#readable.set(candidate.id, readable);
		}
		return readable;
	}

	async #tryToRead(candidate: Candidate): Promise<boolean> {
		const { error } = await readImage(candidate, this.#reading);
		if (error === undefined) return true;
		this.problems.push({
			kind: "unreadable-image",
			category: this.#category.name,
			where: candidate.id,
			message: error,
		});
		return false;
	}
}
