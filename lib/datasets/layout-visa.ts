// VisA: split_csv/1cls.csv says which images train and which test; without it the folders <category>/Data/Images/Normal
// and Anomaly are read, all of them as test images.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Problem, TestImage } from "./dataset.js";
import {
	categoriesIn,
	ignoreRest,
	nameOf,
	picturesIn,
	readCategories,
} from "./category-folders.js";
import { completed } from "./completed.js";
import { enter, type Folder } from "./folder.js";
import { reporter, type Found, type Layout, type Report } from "./layout.js";
import { testImages } from "./test-images.js";
import { inside, readSplit, type SplitRow } from "./visa-split.js";

const splitFile = "split_csv/1cls.csv";

const category = {
	beside: ["split_csv"],
	isCategory: async (folder: Folder) =>
		(await enter(folder, "Data", "Images"))?.folders.some(
			(name) => name === "Normal" || name === "Anomaly",
		) ?? false,
	read: async (folder: Folder, report: Report) => {
		const images = await enter(folder, "Data", "Images");
		const masks = await picturesIn(
			await enter(folder, "Data", "Masks"),
			"Anomaly",
			report,
		);
		const test = [
			...testImages(
				"good",
				await picturesIn(images, "Normal", report),
				[],
				report,
			),
			...testImages(
				"anomaly",
				await picturesIn(images, "Anomaly", report),
				masks,
				report,
			),
		];
		ignoreRest(
			folder,
			[
				...folder.folders.filter((name) => name !== "Data"),
				...folder.pictures.map(nameOf),
				...folder.others.filter((name) => name !== "image_anno.csv"),
			],
			report,
		);
		return { train: [], test };
	},
};

const hasSplit = async (root: Folder) =>
	(await enter(root, "split_csv"))?.others.includes("1cls.csv") ?? false;
const isFile = (file: string) =>
	stat(file).then(
		(found) => found.isFile(),
		() => false,
	);

async function readWithSplit(root: Folder): Promise<Found> {
	const problems: Problem[] = [];
	const objects = new Map<string, SplitRow[]>();
	for (const row of await readSplit(join(root.path, splitFile))) {
		const rows = objects.get(row.object);
		if (rows) rows.push(row);
		else objects.set(row.object, [row]);
	}
	const categories = [];
	for (const name of [...objects.keys()].sort()) {
		const report = reporter(problems, name);
		categories.push(
			completed(
				{ name, ...(await listedImages(root, objects.get(name)!, report)) },
				report,
			),
		);
	}
	return { categories, problems };
}

async function listedImages(
	root: Folder,
	rows: readonly SplitRow[],
	report: Report,
) {
	const train: { id: string; file: string }[] = [],
		test: TestImage[] = [];
	const seen = new Set<string>();
	for (const { image, mask, train: trains, anomalous } of rows) {
		const id = inside(image);
		if (id === undefined) {
			report(
				"outside",
				image,
				`${image}, listed in ${splitFile}, lies outside the dataset and is not opened`,
			);
			continue;
		}
		const file = join(root.path, id);
		if (seen.has(id)) {
			report(
				"ignored",
				id,
				`${id} is listed more than once in ${splitFile}; the first line counts`,
			);
			continue;
		}
		seen.add(id);
		if (trains && anomalous) {
			report(
				"ignored",
				id,
				`${id} is listed in ${splitFile} for training although it is anomalous; it is not used`,
			);
			continue;
		}
		if (!(await isFile(file))) {
			report(
				"missing-image",
				id,
				`${id} is listed in ${splitFile} but is not there`,
			);
			continue;
		}
		if (trains) train.push({ id, file });
		else if (!anomalous) test.push({ id, file, kind: "good", anomalous });
		else {
			const at = inside(mask);
			if (at === undefined)
				report(
					"outside",
					mask,
					`${mask}, listed in ${splitFile} as a mask, lies outside the dataset and is not opened`,
				);
			const found = at !== undefined && (await isFile(join(root.path, at)));
			test.push({
				id,
				file,
				kind: "anomaly",
				anomalous,
				...(found && { mask: join(root.path, at) }),
			});
		}
	}
	return { train, test };
}

export const visa: Layout = {
	needs: `${splitFile}, or <category>/Data/Images/Normal and Anomaly`,
	recognises: async (root) =>
		(await hasSplit(root)) || (await categoriesIn(root, category)).length > 0,
	read: async (root) => {
		if (await hasSplit(root)) return readWithSplit(root);
		const { categories, problems } = await readCategories(root, category);
		reporter(problems, "")(
			"no-split",
			splitFile,
			`${splitFile} is not there: all normal images are test images`,
		);
		return { categories, problems };
	},
};
