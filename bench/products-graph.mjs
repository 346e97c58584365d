// The matrix products of a forward as an ONNX file of their own: the same shapes in the same order, and no other work.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const fused = "com.microsoft"; // its FusedMatMul is MatMul with the weights turned, as checkpoints hold them
const float = 1,
	int = 2,
	external = 1;

/**
 * Products of ViT's forward for one image of packed windows (method sec. 2), with `value` as the default recipe asks for it:
 * [rows, inputs, outputs] each. Those of one group read each other's results; `layers` of 2 or more.
 */
export function products({
	patch,
	width,
	mlp,
	layers,
	embedDim,
	rows,
	packed,
	segments,
}) {
	const rest = (count) => [
		[count, width, width],
		[count, width, mlp],
		[count, mlp, width],
	];
	const one = [segments, width, width]; // q and, head by head, what stands for keys and for values (native/graph: last_block_absorbed)
	return [
		[
			[rows, 3 * patch * patch, width],
			[rows, width, 3 * width],
		],
		[
			...rest(packed),
			...Array.from({ length: layers - 2 }, () => [
				[packed, width, 3 * width],
				...rest(packed),
			]).flat(),
		],
		[
			[packed, width, width],
			[packed, width, embedDim],
		], // the value path
		[one, one, one, ...rest(segments), [segments, width, embedDim]],
	];
}

export const operations = (groups) =>
	groups.flat().reduce((sum, [m, k, n]) => sum + 2 * m * k * n, 0);

/**
 * Writes `products.onnx` and its weights' file into the folder. Inputs `x<group>`; every product is an output, so that none
 * is left out, and whoever runs it fetches `last` alone. All weights lie at one place of the file: ORT packs each on its own.
 */
export function writeProducts(folder, groups) {
	const nodes = [],
		initializers = [],
		inputs = [],
		outputs = [];
	let most = 0;
	groups.forEach((group, g) => {
		let from = { name: `x${g}`, width: group[0][1] };
		inputs.push({ name: from.name, shape: [group[0][0], from.width] });
		const held = [from];
		group.forEach(([m, k, n], i) => {
			const name = `y${g}_${i}`,
				weight = `w${g}_${i}`;
			from = held.findLast(({ width }) => width === k);
			nodes.push(node("FusedMatMul", [from.name, weight], name));
			initializers.push({ name: weight, shape: [n, k] });
			outputs.push({ name, shape: [m, n] });
			held.push({ name, width: n });
			most = Math.max(most, n * k);
		});
	});
	const weights = new Float32Array(most);
	let state = 240;
	for (let i = 0; i < most; i++)
		weights[i] =
			0.03 * ((state = (Math.imul(state, 1664525) + 1013904223) | 0) / 2 ** 31);
	writeFileSync(join(folder, "products.weights"), weights);
	const graph = [
		...nodes.map((each) => field(1, each)),
		field(2, "products"),
		...initializers.map((each) => field(5, tensor(each))),
		...inputs.map((each) => field(11, value(each))),
		...outputs.map((each) => field(12, value(each))),
	];
	const model = [
		field(1, 10),
		field(7, Buffer.concat(graph)),
		opset("", 21),
		opset(fused, 1),
	];
	writeFileSync(join(folder, "products.onnx"), Buffer.concat(model));
	return {
		file: join(folder, "products.onnx"),
		inputs,
		last: outputs.at(-1).name,
	};
}

// Protocol buffers, by the field numbers of onnx.proto.
const varint = (value) => {
	const bytes = [];
	for (; value >= 128; value = Math.floor(value / 128))
		bytes.push((value % 128) + 128);
	return Buffer.from([...bytes, value]);
};
function field(number, content) {
	if (typeof content === "number")
		return Buffer.concat([varint(number * 8), varint(content)]);
	const bytes = Buffer.from(content);
	return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}
const message = (...fields) => Buffer.concat(fields);
const opset = (domain, version) =>
	field(8, message(field(1, domain), field(2, version)));
const node = (type, from, to) =>
	message(
		...from.map((each) => field(1, each)),
		field(2, to),
		field(3, to),
		field(4, type),
		field(5, message(field(1, "transB"), field(3, 1), field(20, int))),
		field(7, fused),
	);
const entry = (key, text) => field(13, message(field(1, key), field(2, text)));
const tensor = ({ name, shape }) =>
	message(
		...shape.map((each) => field(1, each)),
		field(2, float),
		field(8, name),
		entry("location", "products.weights"),
		entry("offset", "0"),
		entry("length", String(4 * shape[0] * shape[1])),
		field(14, external),
	);
const value = ({ name, shape }) =>
	message(
		field(1, name),
		field(
			2,
			message(
				field(
					1,
					message(
						field(1, float),
						field(
							2,
							message(
								...shape.map((each) => field(1, message(field(1, each)))),
							),
						),
					),
				),
			),
		),
	);
