// The layout of VisA. The file split_csv/1cls.csv lists the training and test images. Without that file, the folders
// <category>/Data/Images/Normal and Anomaly are read, and all their images are test images.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Problem, TestImage } from "./category-data.js";
import {
	type CategoryReader,
	categoryFolders,
	fileName,
	imagesIn,
	reportUnused,
} from "./category-folders.js";
import { finishCategory } from "./finish-category.js";
import { type Folder, openSubfolder } from "./folder.js";
import {
	type Layout,
	type LayoutContent,
	problemReporter,
	type ReportProblem,
} from "./layout.js";
import type { IsNormal } from "./normal-folders.js";
import { normalKind, testImages } from "./test-images.js";
import { idInsideRoot, readSplit, type SplitRow } from "./visa-split-file.js";

const splitFile = "split_csv/1cls.csv";

const reader: CategoryReader = {
	otherFolders: ["split_csv"],
	isCategory: async (folder) => {
		const images = await openSubfolder(folder, "Data", "Images");
		return (
			images?.folders.some((name) => name === "Normal" || name === "Anomaly") ??
			false
		);
	},
	read: async (folder, _, report) => {
		const images = await openSubfolder(folder, "Data", "Images");
		const masks = await imagesIn(
			await openSubfolder(folder, "Data", "Masks"),
			"Anomaly",
			report,
		);
		const normal = await imagesIn(images, "Normal", report);
		const anomalous = await imagesIn(images, "Anomaly", report);
		const test = [
			...testImages(normalKind, normal, [], report),
			...testImages(
				{ name: "anomaly", anomalous: true },
				anomalous,
				masks,
				report,
			),
		];
		const unusedFolders = folder.folders.filter((name) => name !== "Data");
		const unusedFiles = folder.others.filter(
			(name) => name !== "image_anno.csv",
		);
		reportUnused(
			folder,
			[...unusedFolders, ...folder.images.map(fileName), ...unusedFiles],
			report,
		);
		return { train: [], test };
	},
};

async function hasSplitFile(root: Folder): Promise<boolean> {
	const folder = await openSubfolder(root, "split_csv");
	return folder?.others.includes("1cls.csv") ?? false;
}

async function readWithSplit(root: Folder): Promise<LayoutContent> {
	const rowsByCategory = new Map<string, SplitRow[]>();
	for (const row of await readSplit(join(root.path, splitFile))) {
		const rows = rowsByCategory.get(row.object);
		if (rows) rows.push(row);
		else rowsByCategory.set(row.object, [row]);
	}
	const problems: Problem[] = [];
	const categories = [];
	for (const [name, rows] of [...rowsByCategory].sort(([a], [b]) =>
		a < b ? -1 : 1,
	)) {
		const report = problemReporter(problems, name);
		const images = await listedImages(root, rows, report);
		categories.push(finishCategory({ name, ...images }, report));
	}
	return { categories, problems };
}

async function listedImages(
	root: Folder,
	rows: readonly SplitRow[],
	report: ReportProblem,
) {
	const train: { id: string; file: string }[] = [];
	const test: TestImage[] = [];
	const seen = new Set<string>();
	for (const row of rows) {
		const id = await checkedImageId(root, row, seen, report);
		if (id === undefined) continue;
		const file = join(root.path, id);
		if (row.train) train.push({ id, file });
		else if (!row.anomalous)
			test.push({ id, file, kind: "good", anomalous: false });
		else {
			const mask = await listedMask(root, row.mask, report);
			test.push({
				id,
				file,
				kind: "anomaly",
				anomalous: true,
				...(mask !== undefined && { mask }),
			});
		}
	}
	return { train, test };
}

/** The id of the row's image. undefined if the row is not used; the reason is reported. Adds the id to `seen`. */
async function checkedImageId(
	root: Folder,
	{ image, train, anomalous }: SplitRow,
	seen: Set<string>,
	report: ReportProblem,
): Promise<string | undefined> {
	const id = idInsideRoot(image);
	if (id === undefined) {
		report(
			"outside",
			image,
			`${image} is listed in ${splitFile} but is outside the dataset; it is not opened`,
		);
		return undefined;
	}
	if (seen.has(id)) {
		report(
			"ignored",
			id,
			`${id} is listed more than once in ${splitFile}; only the first line is used`,
		);
		return undefined;
	}
	seen.add(id);
	if (train && anomalous) {
		report(
			"ignored",
			id,
			`${id} is anomalous but is listed in ${splitFile} for training; it is not used`,
		);
		return undefined;
	}
	if (!(await isFile(join(root.path, id)))) {
		report(
			"missing-image",
			id,
			`${id} is listed in ${splitFile} but does not exist`,
		);
		return undefined;
	}
	return id;
}

async function listedMask(
	root: Folder,
	mask: string,
	report: ReportProblem,
): Promise<string | undefined> {
	const id = idInsideRoot(mask);
	if (id === undefined) {
		report(
			"outside",
			mask,
			`${mask} is listed in ${splitFile} as a mask but is outside the dataset; it is not opened`,
		);
		return undefined;
	}
	const file = join(root.path, id);
	return (await isFile(file)) ? file : undefined;
}

async function isFile(file: string): Promise<boolean> {
	const found = await stat(file).catch(() => undefined);
	return found?.isFile() ?? false;
}

const folders = categoryFolders(reader);

export const visaLayout = {
	name: "visa",
	title: "VisA's layout",
	needs: `the file ${splitFile}, or the folders <category>/Data/Images/Normal and Anomaly`,
	matches: async (root: Folder, isNormal: IsNormal) =>
		(await hasSplitFile(root)) || folders.matches(root, isNormal),
	read: async (root: Folder, isNormal: IsNormal): Promise<LayoutContent> => {
		if (await hasSplitFile(root)) return readWithSplit(root);
		const { categories, problems } = await folders.read(root, isNormal);
		const report = problemReporter(problems, "");
		report(
			"no-split",
			splitFile,
			`${splitFile} does not exist: all normal images are test images`,
		);
		return { categories, problems };
	},
} as const satisfies Layout;
