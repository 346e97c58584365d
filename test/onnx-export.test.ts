// exportOnnx writes sound ONNX files. The image graph holds an operator of our own, so no other runtime runs it: the
// files are read by their format instead.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { AlfaError, Engine } from "../dist/index.js";
import { temporaryFolder } from "./support/folder.js";
import { tiny } from "./support/paths.js";
import {
	parseFields,
	integers,
	messages,
	texts,
	type Field,
} from "./support/protobuf.js";

let folder: string;
beforeAll(async () => {
	folder = join(temporaryFolder(), "made", "for it");
	await using engine = await Engine.open({ model: tiny });
	await engine.exportOnnx(folder);
});

// Numbers of ONNX's protobuf: ModelProto graph 7, opset_import 8; GraphProto node 1, initializer 5, input 11, output 12;
// NodeProto input 1, output 2, op_type 4, domain 7; TensorProto dims 1, data_type 2, name 8, raw_data 9, external_data 13,
// data_location 14.
const graphOf = (file: string) => {
	const model = parseFields(readFileSync(join(folder, file)));
	return { model, graph: messages(model, 7)[0]! };
};
const name = (message: Field[], number = 1) => texts(message, number)[0] ?? "";
const external = (tensor: Field[]) =>
	Object.fromEntries(
		messages(tensor, 13).map((entry) => [name(entry), name(entry, 2)]),
	);

test("one graph for each tower, weights beside it", () => {
	expect(readdirSync(folder)).toEqual(
		expect.arrayContaining(["image.onnx", "text.onnx"]),
	);
	for (const file of readdirSync(folder))
		expect(statSync(join(folder, file)).size, file).toBeGreaterThan(0);
});

describe.each(["image.onnx", "text.onnx"])("%s", (file) => {
	test("is one graph with declared operator sets", () => {
		const { model, graph } = graphOf(file);
		const domains = new Set(messages(model, 8).map((each) => name(each)));
		const nodes = messages(graph, 1);
		expect(nodes.length).toBeGreaterThan(10);
		for (const node of nodes) {
			expect(name(node, 4)).toMatch(/^[A-Z]\w+$/);
			expect(domains, name(node, 4)).toContain(name(node, 7));
		}
		expect(nodes.map((node) => name(node, 4))).toEqual(
			expect.arrayContaining(["LayerNormalization", "SegmentAttention"]),
		);
	});

	test("every value is made before it is used, and once", () => {
		const { graph } = graphOf(file);
		const made = new Set([
			...messages(graph, 11).map((each) => name(each)),
			...messages(graph, 5).map((each) => name(each, 8)),
		]);
		for (const node of messages(graph, 1)) {
			for (const used of texts(node, 1))
				if (used !== "")
					expect(made, `an input of ${name(node, 4)}`).toContain(used);
			for (const output of texts(node, 2).filter((each) => each !== "")) {
				// empty: an output nobody asked for
				expect(made, `an output of ${name(node, 4)}`).not.toContain(output);
				made.add(output);
			}
		}
		for (const output of messages(graph, 12))
			expect(made).toContain(name(output));
	});

	test("every weight lies within the file beside it, at its own place, and they fill it", () => {
		const { graph } = graphOf(file);
		const outside = messages(graph, 5)
			.map(external)
			.filter((each) => each["location"]);
		expect(outside.length).toBeGreaterThan(10);
		const size = statSync(join(folder, outside[0]!["location"]!)).size;
		const extents = outside
			.map(({ location, offset, length }) => {
				expect(location).toBe(outside[0]!["location"]);
				return {
					from: Number(offset ?? 0),
					to: Number(offset ?? 0) + Number(length),
				};
			})
			.sort((a, b) => a.from - b.from);
		extents.forEach(({ from, to }, i) => {
			expect(to).toBeLessThanOrEqual(extents[i + 1]?.from ?? size);
			expect(to).toBeGreaterThan(from);
		});
		expect(extents.at(-1)!.to).toBe(size);
	});

	test("every weight has as many bytes as its shape asks", () => {
		const widths: Record<number, number> = {
			1: 4,
			2: 1,
			3: 1,
			6: 4,
			7: 8,
			9: 1,
			10: 2,
			11: 8,
		};
		for (const tensor of messages(graphOf(file).graph, 5)) {
			const elements = integers(tensor, 1).reduce((a, b) => a * b, 1);
			const raw = tensor.find((field) => field.number === 9)?.value as
				| Buffer
				| undefined;
			const bytes = raw
				? raw.length
				: Number(external(tensor)["length"] ?? NaN);
			if (!Number.isNaN(bytes))
				expect(bytes, name(tensor, 8)).toBe(
					elements * widths[integers(tensor, 2)[0]!]!,
				);
		}
	});
});

test("operators are ONNX's, the runtime's contributed ones, or ours", () => {
	const domains = new Set(
		messages(graphOf("image.onnx").graph, 1).map((node) => name(node, 7)),
	);
	expect(
		[...domains].filter(
			(domain) => !["", "com.microsoft", "alfa"].includes(domain),
		),
	).toEqual([]);
	expect(domains).toContain("alfa");
});

test("a place where no folder can be is refused by name", async () => {
	const file = join(temporaryFolder(), "file");
	writeFileSync(file, "");
	await using engine = await Engine.open({ model: tiny });
	for (const place of [file, join(file, "folder")]) {
		const error = await engine.exportOnnx(place).catch((e) => e);
		expect(error).toBeInstanceOf(AlfaError);
		expect(error.message).toContain(place);
	}
});

test("a second export gives the same bytes", async () => {
	const again = temporaryFolder();
	await using engine = await Engine.open({ model: tiny });
	await engine.exportOnnx(again);
	for (const file of readdirSync(folder))
		expect(
			readFileSync(join(again, file)).equals(readFileSync(join(folder, file))),
			file,
		).toBe(true);
});
