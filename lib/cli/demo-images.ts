// The pictures that travel with the package: demo/pictures/<class>/{train/good, test/good, test/<defect>}.
import { join, relative } from "node:path";
import { readDataset } from "../datasets/layouts.js";
import { AlfaError, codeOf } from "../errors.js";
import { packageRoot } from "../util/package.js";

export interface DemoPicture {
	file: string;
	name: string;
	truth: string;
}
export interface DemoClass {
	name: string;
	normal: string[];
	test: DemoPicture[];
}

const root = join(packageRoot, "demo", "pictures");

const goodFirst = (a: DemoPicture, b: DemoPicture) =>
	Number(b.truth === "good") - Number(a.truth === "good"); // the rest stays by name

export async function demoClasses(): Promise<DemoClass[]> {
	try {
		const { categories } = await readDataset(root, { layout: "mvtec" });
		const whole = categories.filter(
			({ train, test }) => train.length > 0 && test.length > 0,
		);
		if (whole.length > 0)
			return whole.map(({ name, train, test }) => ({
				name,
				normal: train.map(({ file }) => file),
				test: test
					.map(({ file, kind }) => ({
						file,
						truth: kind,
						name: relative(join(root, name, "test"), file),
					}))
					.sort(goodFirst),
			}));
	} catch (error) {
		if (codeOf(error) !== "ERR_ALFA_DATASET") throw error;
	}
	throw new AlfaError(
		"ERR_ALFA_IMAGE",
		`The demo's pictures are missing: none in ${root}; install alfa-vad again`,
	);
}
