// What N detections leave behind, MB as JSON: `node --expose-gc bench/memory.mjs MODEL N`.
import {
	benchCategory,
	memoryGrowth,
	randomImage,
} from "../dist/bench/measure.js";
import { Engine } from "../dist/index.js";

const [model, count] = process.argv.slice(2);
const engine = await Engine.open({ model });
console.log(
	JSON.stringify(
		await memoryGrowth(
			await benchCategory(engine, {}),
			randomImage(engine.info.imageSize),
			Number(count),
		),
	),
);
await engine.close();
