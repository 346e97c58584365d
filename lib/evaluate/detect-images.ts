// One category's images, looked at by every look at once: results go to the journal, image by image, in their order.
import type { Category } from "../category.js";
import type { Engine } from "../engine.js";
import { ordered } from "../util/ordered.js";
import type { PromptInput } from "../prompts/prompt-set.js";
import type { Detection } from "../detection.js";
import type { CategoryData, TestImage } from "../datasets/dataset.js";
import type { Entry, Journal, LookResult } from "./journal.js";
import { readImage, type Read } from "./readable.js";
import type { Sampler } from "./sampling.js";
import { optionsFor, type Look } from "./systems.js";

export interface Place {
	readonly dataset: string;
	readonly data: CategoryData;
	readonly sampler: Sampler;
	readonly prompts: PromptInput | undefined;
}

export interface Watch {
	readonly signal: AbortSignal | undefined;
	/** After each image that is done; `known` before this run. */
	readonly image: (known: boolean) => void;
	/** After each look's category that is made. */
	readonly made?: (look: Look) => void;
}

const decodedAhead = 4;
const reasonsKept = 3;

/** Looks whose references the category cannot give have no results in it. */
export async function lookAt(
	engine: Engine,
	place: Place,
	looks: readonly Look[],
	journal: Journal,
	watch: Watch,
): Promise<void> {
	const possible = [];
	for (const look of looks)
		if (look.shots === 0 || (await place.sampler.draw(look.shots, look.seed)))
			possible.push(look);
	await lookOneByOne(
		engine,
		place,
		possible.filter(({ mutual }) => !mutual),
		journal,
		watch,
	);
	for (const look of possible.filter(({ mutual }) => mutual))
		await lookTogether(engine, place, look, journal, watch);
}

async function lookOneByOne(
	engine: Engine,
	{ dataset, data, sampler, prompts }: Place,
	looks: readonly Look[],
	journal: Journal,
	watch: Watch,
): Promise<void> {
	if (looks.length === 0) return;
	const ids = looks.map(({ id }) => id);
	const known = (image: TestImage) =>
		journal.has({ dataset, category: data.name, image: image.id }, ids);
	const open = data.test.filter((image) => !known(image));
	for (let i = open.length; i < data.test.length; i++) watch.image(true);
	if (open.length === 0) return;
	const categories: Category[] = [];
	for (const look of looks) {
		const drawn =
			look.shots > 0 ? await sampler.draw(look.shots, look.seed) : undefined;
		categories.push(
			await engine.category(data.name, {
				...optionsFor(look, data.name, prompts),
				resolution: look.resolution,
				...(drawn && { references: drawn.files }),
				...(watch.signal && { signal: watch.signal }),
			}),
		);
		watch.made?.(look);
	}
	// One forward at a time, so that no image's numbers depend on which others waited beside it.
	for await (const { image, picture, error } of decodedOf(open, watch.signal)) {
		const where = { dataset, category: data.name, image: image.id };
		if (!picture) await journal.add({ ...where, error });
		else {
			const results = await engine.detect(
				picture,
				categories,
				watch.signal && { signal: watch.signal },
			);
			await journal.add({
				...where,
				size: [picture.width, picture.height],
				looks: Object.fromEntries(
					results.map((each, i) => [ids[i]!, kept(each)]),
				),
			});
		}
		watch.image(false);
	}
}

/** A recipe that needs all images at once. */
async function lookTogether(
	engine: Engine,
	{ dataset, data, prompts }: Place,
	look: Look,
	journal: Journal,
	{ signal, image: tick, made }: Watch,
): Promise<void> {
	if (
		data.test.every(({ id }) =>
			journal.has({ dataset, category: data.name, image: id }, [look.id]),
		)
	)
		return data.test.forEach(() => tick(true));
	const category = await engine.category(data.name, {
		...optionsFor(look, data.name, prompts),
		resolution: look.resolution,
		...(signal && { signal }),
	});
	made?.(look);
	const seen: { image: TestImage; size: [number, number] }[] = [];
	const errors: Entry[] = [];
	async function* pictures() {
		for await (const { image, picture, error } of decodedOf(
			data.test,
			signal,
		)) {
			if (!picture) {
				errors.push({ dataset, category: data.name, image: image.id, error });
				continue;
			}
			seen.push({ image, size: [picture.width, picture.height] });
			yield picture;
		}
	}
	let done = 0;
	for await (const result of category.detectMany(
		pictures(),
		signal && { signal },
	)) {
		const { image, size } = seen[done++]!;
		await journal.add({
			dataset,
			category: data.name,
			image: image.id,
			size,
			looks: { [look.id]: kept(result) },
		});
		tick(false);
	}
	for (const error of errors) {
		if (!journal.has({ ...error }, [look.id])) await journal.add(error);
		tick(false);
	}
}

/** Pictures in order, decoded ahead; one that cannot be read comes with its error. */
function decodedOf(
	images: readonly TestImage[],
	signal: AbortSignal | undefined,
): AsyncGenerator<Read & { image: TestImage }, void, undefined> {
	return ordered(images, decodedAhead, signal, async (image, _, stop) => ({
		image,
		...(await readImage(image, stop)),
	}));
}

function kept(result: Detection): LookResult {
	const {
		score,
		globalScore,
		localScore,
		map,
		mapWidth,
		mapHeight,
		prompts: { kept, of, ambiguous },
		reasons,
	} = result;
	const normals =
		of[0] > 0
			? result.judgedPrompts().filter(({ label }) => label === "normal")
			: [];
	return {
		score,
		...(globalScore !== undefined && { global: globalScore }),
		...(localScore !== undefined && { local: localScore }),
		...(normals.length > 0 && {
			normal:
				normals.reduce((sum, { similarity }) => sum + similarity, 0) /
				normals.length,
		}),
		...(of[0] > 0 && { kept, of, ambiguous }),
		...(reasons.length > 0 && {
			reasons: reasons
				.slice(0, reasonsKept)
				.map(({ text, similarity }) => [text, similarity] as const),
		}),
		...(map.length > 0 && {
			map: {
				width: mapWidth,
				height: mapHeight,
				data: Buffer.from(map.buffer, map.byteOffset, map.byteLength).toString(
					"base64",
				),
			},
		}),
	};
}

/** The map of a journal's line, [height * width]. */
export function mapOf({
	data,
	width,
	height,
}: NonNullable<LookResult["map"]>): Float32Array {
	const bytes = Uint8Array.from(Buffer.from(data, "base64"));
	return new Float32Array(bytes.buffer, 0, width * height);
}
