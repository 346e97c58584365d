// The images that are part of the package: demo/pictures/<class>/{train/good, test/good, test/<kind of defect>}.
import { join, relative } from "node:path";
import { readDataset } from "../datasets/dataset.js";
import { AlfaError, codeOf } from "../errors.js";
import { packageRoot } from "../util/package.js";

export interface DemoImage {
	file: string;
	/** Path below the test folder of its class. */
	name: string;
	/** 'good', or the kind of defect. */
	truth: string;
}

export interface DemoClass {
	name: string;
	/** Paths of the normal training images. */
	normal: string[];
	/** Good images first. */
	test: DemoImage[];
}

const root = join(packageRoot, "demo", "pictures");

export async function demoClasses(): Promise<DemoClass[]> {
	const classes = await readClasses();
	if (classes.length > 0) return classes;
	throw new AlfaError(
		"ERR_ALFA_IMAGE",
		`The demo images are missing in ${root}; install alfa-vad again`,
	);
}

async function readClasses(): Promise<DemoClass[]> {
	try {
		const { categories } = await readDataset(root, { layout: "mvtec" });
		return categories
			.filter(({ train, test }) => train.length > 0 && test.length > 0)
			.map(({ name, train, test }) => {
				const folder = join(root, name, "test");
				const images = test.map(({ file, kind }) => ({
					file,
					name: relative(folder, file),
					truth: kind,
				}));
				return {
					name,
					normal: train.map(({ file }) => file),
					test: images.sort(compareGoodFirst),
				};
			});
	} catch (error) {
		if (codeOf(error) === "ERR_ALFA_DATASET") return [];
		throw error;
	}
}

/** Among good images, and among defective images, the order by name stays. */
function compareGoodFirst(a: DemoImage, b: DemoImage): number {
	return Number(b.truth === "good") - Number(a.truth === "good");
}
