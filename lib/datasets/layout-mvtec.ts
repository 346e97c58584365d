// The layout of MVTec AD: train/good, test/good, test/<kind of defect>, and masks in ground_truth/<kind of defect>.
import type { TestImage } from "./category-data.js";
import {
	type CategoryReader,
	categoryFolders,
	fileName,
	imagesIn,
	reportUnused,
	trainImages,
} from "./category-folders.js";
import { type Folder, openSubfolder } from "./folder.js";
import type { Layout, ReportProblem } from "./layout.js";
import type { IsNormal } from "./normal-folders.js";
import { kindOf, reportOrphans, testImages } from "./test-images.js";

const knownFolders = ["train", "test", "ground_truth"];

const reader: CategoryReader = {
	isCategory: async (folder) => {
		const test = await openSubfolder(folder, "test");
		return test !== undefined && test.folders.length > 0;
	},
	read: async (folder, isNormal, report) => {
		const test = await readTestImages(folder, isNormal, report);
		const unusedFolders = folder.folders.filter(
			(name) => !knownFolders.includes(name),
		);
		reportUnused(
			folder,
			[...unusedFolders, ...folder.images.map(fileName), ...folder.others],
			report,
		);
		return { train: await trainImages(folder, isNormal, report), test };
	},
};

async function readTestImages(
	folder: Folder,
	isNormal: IsNormal,
	report: ReportProblem,
): Promise<TestImage[]> {
	const images = await openSubfolder(folder, "test");
	const masks = await openSubfolder(folder, "ground_truth");
	const kinds = images?.folders ?? [];
	const test: TestImage[] = [];
	for (const kind of kinds) {
		const imagesOfKind = await imagesIn(images, kind, report);
		const masksOfKind = await imagesIn(masks, kind, report);
		test.push(
			...testImages(kindOf(kind, isNormal), imagesOfKind, masksOfKind, report),
		);
	}
	for (const kind of masks?.folders ?? []) {
		if (!kinds.includes(kind))
			reportOrphans(kind, [], await imagesIn(masks, kind, report), report);
	}
	for (const parent of [images, masks]) {
		if (parent)
			reportUnused(
				parent,
				[...parent.images.map(fileName), ...parent.others],
				report,
			);
	}
	return test;
}

export const mvtecLayout = {
	name: "mvtec",
	title: "MVTec AD's layout",
	needs:
		"the folders test/good (or ok, normal) and test/<kind of defect> (optional: ground_truth/<kind of defect> with " +
		"masks, train/good), in the given folder or in each of its subfolders",
	...categoryFolders(reader),
} as const satisfies Layout;
