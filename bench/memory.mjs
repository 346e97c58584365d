// Prints as JSON by how many MB the process grows over N detections.
//   node --expose-gc bench/memory.mjs MODEL N
import {
	benchCategory,
	memoryGrowth,
	randomImage,
} from "../dist/bench/measure.js";
import { Engine } from "../dist/index.js";

const [model, count] = process.argv.slice(2);
const engine = await Engine.open({ model });
const category = await benchCategory(engine, {});
const image = randomImage(engine.info.imageSize);
const growth = await memoryGrowth(category, image, Number(count));
console.log(JSON.stringify(growth));
await engine.close();
