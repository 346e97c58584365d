// The simplest layout: good/, and one folder per kind of defect.
// Masks are in masks/<kind> or ground_truth/<kind>, or beside the images as <image>_mask.
// Normal training images are in train/good or train.
import type { TestImage } from "./category-data.js";
import {
	type CategoryReader,
	fileName,
	findCategories,
	imagesIn,
	readCategories,
	reportUnused,
	trainImages,
} from "./category-folders.js";
import { type Folder, type ImageFile, openSubfolder } from "./folder.js";
import type { Layout, ReportProblem } from "./layout.js";
import { isGood, testImages } from "./test-images.js";

const maskFolders = ["masks", "ground_truth"];
const reservedFolders = ["train", ...maskFolders];

function isMask({ stem }: ImageFile): boolean {
	return /._mask$/.test(stem);
}

const reader: CategoryReader = {
	isCategory: async (folder) => folder.folders.some(isGood),
	read: async (folder, report) => {
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
			test.push(...(await readKind(folder, kind, maskStores, report)));
		for (const store of maskStores)
			await reportUnusedMasks(store, kinds, report);
		reportUnused(
			folder,
			[...folder.images.map(fileName), ...folder.others],
			report,
		);
		return { train: await trainImages(folder, report), test };
	},
};

async function readKind(
	folder: Folder,
	kind: string,
	maskStores: readonly Folder[],
	report: ReportProblem,
): Promise<TestImage[]> {
	const files = await imagesIn(folder, kind, report);
	const masks: ImageFile[] = [];
	for (const store of maskStores)
		masks.push(...(await imagesIn(store, kind, report)));
	masks.push(...files.filter(isMask));
	const images = files.filter((file) => !isMask(file));
	return testImages(kind, images, masks, report);
}

async function reportUnusedMasks(
	store: Folder,
	kinds: readonly string[],
	report: ReportProblem,
): Promise<void> {
	for (const kind of store.folders) {
		if (!kinds.includes(kind))
			testImages(kind, [], await imagesIn(store, kind, report), report);
	}
	reportUnused(store, [...store.images.map(fileName), ...store.others], report);
}

export const folderLayout = {
	name: "folder",
	title: "plain folders",
	needs:
		"the folder good and one folder per kind of defect (optional: masks/<kind of defect> with masks, " +
		"train with normal " +
		"images), in the given folder or in each of its subfolders",
	matches: async (root: Folder) =>
		(await findCategories(root, reader)).length > 0,
	read: (root: Folder) => readCategories(root, reader),
} as const satisfies Layout;
