// The simplest layout: a folder of normal images (good, ok or normal), and one folder per kind of defect.
// Masks are in masks/<kind> or ground_truth/<kind>, or beside the images as <image>_mask.
// Normal training images are in train/good or train.
import type { TestImage } from "./category-data.js";
import {
	type CategoryReader,
	categoryFolders,
	fileName,
	imagesIn,
	reportUnused,
	trainImages,
} from "./category-folders.js";
import { type Folder, type ImageFile, openSubfolder } from "./folder.js";
import type { Layout, ReportProblem } from "./layout.js";
import type { IsNormal } from "./normal-folders.js";
import { kindOf, reportOrphans, testImages } from "./test-images.js";

const maskFolders = ["masks", "ground_truth"];
const reservedFolders = ["train", ...maskFolders];

function isMask({ stem }: ImageFile): boolean {
	return /._mask$/.test(stem);
}

const reader: CategoryReader = {
	isCategory: async (folder, isNormal) => folder.folders.some(isNormal),
	read: async (folder, isNormal, report) => {
		const maskStores: Folder[] = [];
		for (const name of maskFolders) {
			const store = await openSubfolder(folder, name);
			if (store) maskStores.push(store);
		}
		const kinds = folder.folders.filter(
			(name) => !reservedFolders.includes(name),
		);
		const test: TestImage[] = [];
		for (const kind of kinds)
			test.push(
				...(await readKind(folder, kind, isNormal, maskStores, report)),
			);
		for (const store of maskStores)
			await reportUnusedMasks(store, kinds, report);
		reportUnused(
			folder,
			[...folder.images.map(fileName), ...folder.others],
			report,
		);
		return { train: await trainImages(folder, isNormal, report), test };
	},
};

async function readKind(
	folder: Folder,
	kind: string,
	isNormal: IsNormal,
	maskStores: readonly Folder[],
	report: ReportProblem,
): Promise<TestImage[]> {
	const files = await imagesIn(folder, kind, report);
	const masks: ImageFile[] = [];
	for (const store of maskStores)
		masks.push(...(await imagesIn(store, kind, report)));
	masks.push(...files.filter(isMask));
	const images = files.filter((file) => !isMask(file));
	return testImages(kindOf(kind, isNormal), images, masks, report);
}

async function reportUnusedMasks(
	store: Folder,
	kinds: readonly string[],
	report: ReportProblem,
): Promise<void> {
	for (const kind of store.folders) {
		if (!kinds.includes(kind))
			reportOrphans(kind, [], await imagesIn(store, kind, report), report);
	}
	reportUnused(store, [...store.images.map(fileName), ...store.others], report);
}

export const folderLayout = {
	name: "folder",
	title: "plain folders",
	needs:
		"a folder good, ok or normal and one folder per kind of defect (optional: masks/<kind of defect> with masks, " +
		"train with normal images), in the given folder or in each of its subfolders",
	...categoryFolders(reader),
} as const satisfies Layout;
