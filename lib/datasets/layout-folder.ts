// The plainest layout: good/ and a folder per kind of defect. Masks may lie in masks/<kind> or ground_truth/<kind>, or
// beside the images as <image>_mask; normal images for few-shot in train/good or train.
import type { TestImage } from "./dataset.js";
import {
	categoriesIn,
	ignoreRest,
	nameOf,
	picturesIn,
	readCategories,
	trainImages,
} from "./category-folders.js";
import { enter, type Folder, type Picture } from "./folder.js";
import type { Layout, Report } from "./layout.js";
import { isGood, testImages } from "./test-images.js";

const reserved = ["train", "masks", "ground_truth"];
const isMask = ({ stem }: Picture) => /._mask$/.test(stem);

const category = {
	isCategory: async (folder: Folder) => folder.folders.some(isGood),
	read: async (folder: Folder, report: Report) => {
		const stores = [
			await enter(folder, "masks"),
			await enter(folder, "ground_truth"),
		].filter((each) => each !== undefined);
		const kinds = folder.folders.filter((name) => !reserved.includes(name));
		const test: TestImage[] = [];
		for (const kind of kinds) {
			const held = await picturesIn(folder, kind, report);
			const masks: Picture[] = [];
			for (const store of stores)
				masks.push(...(await picturesIn(store, kind, report)));
			masks.push(...held.filter(isMask));
			test.push(
				...testImages(
					kind,
					held.filter((each) => !isMask(each)),
					masks,
					report,
				),
			);
		}
		for (const store of stores) {
			for (const kind of store.folders)
				if (!kinds.includes(kind))
					testImages(kind, [], await picturesIn(store, kind, report), report);
			ignoreRest(
				store,
				[...store.pictures.map(nameOf), ...store.others],
				report,
			);
		}
		ignoreRest(
			folder,
			[...folder.pictures.map(nameOf), ...folder.others],
			report,
		);
		return { train: await trainImages(folder, report), test };
	},
};

export const folder: Layout = {
	needs:
		"good and a folder for each kind of defect (and masks/<kind of defect> with masks, train with normal images), in the folder itself or in each of its folders",
	recognises: async (root) => (await categoriesIn(root, category)).length > 0,
	read: (root) => readCategories(root, category),
};
