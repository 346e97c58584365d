// Writes the matmuls of a forward as an ONNX file of their own: the same shapes in the same order, and no other
// operator.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The matmuls of ViT's forward for one image with packed windows (docs/method.md, section 2), with `value` as the
 * default recipe needs it. Each is [rows, inputs, outputs]. The matmuls of one group read each other's results.
 * `layers` is at least 2.
 */
export function listMatmuls(shapes) {
	const { patch, width, mlp, layers, embedDim, rows, packed, segments } =
		shapes;
	const afterAttention = (count) => [
		[count, width, width],
		[count, width, mlp],
		[count, mlp, width],
	];
	const middleBlock = [[packed, width, 3 * width], ...afterAttention(packed)];
	const patchEmbedding = [
		[rows, 3 * patch * patch, width],
		[rows, width, 3 * width],
	];
	const middle = [
		...afterAttention(packed),
		...Array.from({ length: layers - 2 }, () => middleBlock).flat(),
	];
	const valuePath = [
		[packed, width, width],
		[packed, width, embedDim],
	];
	// The last block computes class rows only: the queries, and absorbed keys and values (native/graph/image_graph.cc).
	const classRows = [segments, width, width];
	const lastBlock = [
		classRows,
		classRows,
		classRows,
		...afterAttention(segments),
		[segments, width, embedDim],
	];
	return [patchEmbedding, middle, valuePath, lastBlock];
}

/** Floating-point operations of all groups. */
export function countOperations(groups) {
	let sum = 0;
	for (const [m, k, n] of groups.flat()) sum += 2 * m * k * n;
	return sum;
}

/**
 * Writes `products.onnx` and the file of its weights into the folder. Inputs are named `x<group>`. Every matmul is an
 * output, so that ONNX Runtime removes none; fetching `last` runs all. All weights share one part of the file, because
 * ONNX Runtime packs each of them into its own memory.
 */
export function writeGraph(folder, groups) {
	const nodes = [];
	const initializers = [];
	const inputs = [];
	const outputs = [];
	let weightCount = 0;
	for (const [g, group] of groups.entries()) {
		const input = { name: `x${g}`, width: group[0][1] };
		inputs.push({ name: input.name, shape: [group[0][0], input.width] });
		const available = [input];
		for (const [i, [m, k, n]] of group.entries()) {
			const name = `y${g}_${i}`;
			const weight = `w${g}_${i}`;
			const source = available.findLast(({ width }) => width === k);
			nodes.push(encodeNode([source.name, weight], name));
			initializers.push({ name: weight, shape: [n, k] });
			outputs.push({ name, shape: [m, n] });
			available.push({ name, width: n });
			weightCount = Math.max(weightCount, n * k);
		}
	}
	writeFileSync(join(folder, weightsFile), randomWeights(weightCount));
	const graph = Buffer.concat([
		...nodes.map((node) => field(1, node)),
		field(2, "products"),
		...initializers.map((tensor) => field(5, encodeTensor(tensor))),
		...inputs.map((value) => field(11, encodeValue(value))),
		...outputs.map((value) => field(12, encodeValue(value))),
	]);
	const irVersion = field(1, 10);
	const model = Buffer.concat([
		irVersion,
		field(7, graph),
		encodeOpset("", 21),
		encodeOpset(microsoftDomain, 1),
	]);
	const file = join(folder, "products.onnx");
	writeFileSync(file, model);
	return { file, inputs, last: outputs.at(-1).name };
}

const weightsFile = "products.weights";

function randomWeights(count) {
	const weights = new Float32Array(count);
	let state = 240;
	for (let i = 0; i < count; i++) {
		state = (Math.imul(state, 1664525) + 1013904223) | 0;
		weights[i] = 0.03 * (state / 2 ** 31);
	}
	return weights;
}

// The messages of onnx.proto, as protocol buffers. Numbers are those of the fields and enums there.

// Its FusedMatMul is MatMul with transposed weights, as checkpoints store them.
const microsoftDomain = "com.microsoft";
const floatType = 1;
const intAttribute = 2;
const externalData = 1;

function encodeNode(inputs, output) {
	const transposed = message(
		field(1, "transB"),
		field(3, 1),
		field(20, intAttribute),
	);
	return message(
		...inputs.map((input) => field(1, input)),
		field(2, output),
		field(3, output),
		field(4, "FusedMatMul"),
		field(5, transposed),
		field(7, microsoftDomain),
	);
}

function encodeTensor({ name, shape }) {
	const entry = (key, value) =>
		field(13, message(field(1, key), field(2, value)));
	return message(
		...shape.map((size) => field(1, size)),
		field(2, floatType),
		field(8, name),
		entry("location", weightsFile),
		entry("offset", "0"),
		entry("length", String(4 * shape[0] * shape[1])),
		field(14, externalData),
	);
}

function encodeValue({ name, shape }) {
	const dimensions = shape.map((size) => field(1, message(field(1, size))));
	const tensorType = message(
		field(1, floatType),
		field(2, message(...dimensions)),
	);
	return message(field(1, name), field(2, message(field(1, tensorType))));
}

function encodeOpset(domain, version) {
	return field(8, message(field(1, domain), field(2, version)));
}

function message(...fields) {
	return Buffer.concat(fields);
}

function field(number, content) {
	if (typeof content === "number")
		return Buffer.concat([encodeVarint(number * 8), encodeVarint(content)]);
	const bytes = Buffer.from(content);
	return Buffer.concat([
		encodeVarint(number * 8 + 2),
		encodeVarint(bytes.length),
		bytes,
	]);
}

function encodeVarint(value) {
	const bytes = [];
	let rest = value;
	while (rest >= 128) {
		bytes.push((rest % 128) + 128);
		rest = Math.floor(rest / 128);
	}
	return Buffer.from([...bytes, rest]);
}
