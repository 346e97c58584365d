// The layout of MVTec AD: train/good, test/good, test/<kind of defect>, and masks in ground_truth/<kind of defect>.
import type { TestImage } from "./dataset.js";
import {
	categoriesIn,
	ignoreRest,
	nameOf,
	picturesIn,
	readCategories,
	trainImages,
} from "./category-folders.js";
import { enter, type Folder } from "./folder.js";
import type { Layout, Report } from "./layout.js";
import { testImages } from "./test-images.js";

const category = {
	isCategory: async (folder: Folder) =>
		Boolean((await enter(folder, "test"))?.folders.length),
	read: async (folder: Folder, report: Report) => {
		const images = (await enter(folder, "test"))!;
		const masks = await enter(folder, "ground_truth");
		const test: TestImage[] = [];
		for (const kind of images.folders) {
			test.push(
				...testImages(
					kind,
					await picturesIn(images, kind, report),
					await picturesIn(masks, kind, report),
					report,
				),
			);
		}
		for (const kind of masks?.folders ?? []) {
			if (!images.folders.includes(kind))
				testImages(kind, [], await picturesIn(masks, kind, report), report);
		}
		const known = ["train", "test", "ground_truth"];
		ignoreRest(
			folder,
			[
				...folder.folders.filter((name) => !known.includes(name)),
				...folder.pictures.map(nameOf),
				...folder.others,
			],
			report,
		);
		ignoreRest(
			images,
			[...images.pictures.map(nameOf), ...images.others],
			report,
		);
		if (masks)
			ignoreRest(
				masks,
				[...masks.pictures.map(nameOf), ...masks.others],
				report,
			);
		return { train: await trainImages(folder, report), test };
	},
};

export const mvtec: Layout = {
	needs:
		"test/good and test/<kind of defect> (and ground_truth/<kind of defect> with masks, train/good), in the folder itself or in each of its folders",
	recognises: async (root) => (await categoriesIn(root, category)).length > 0,
	read: (root) => readCategories(root, category),
};
