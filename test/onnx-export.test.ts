// exportOnnx writes valid ONNX files. The graphs contain operators of this package, so that no other runtime can run
// them; the tests parse the files instead.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";
import { tinyModel } from "./support/paths.js";
import {
	type Field,
	integers,
	messages,
	parseFields,
	texts,
} from "./support/protobuf.js";

let folder: string;
beforeAll(async () => {
	folder = join(temporaryFolder(), "new folder", "in a new folder");
	await using engine = await Engine.open({ model: tinyModel });
	await engine.exportOnnx(folder);
});

// Field numbers of ONNX's protobuf.
const Model = { graph: 7, operatorSets: 8 };
const Graph = { nodes: 1, initializers: 5, inputs: 11, outputs: 12 };
const Node = { inputs: 1, outputs: 2, operator: 4, domain: 7 };
const Tensor = { shape: 1, dataType: 2, name: 8, rawData: 9, externalData: 13 };

function readModel(file: string) {
	const model = parseFields(readFileSync(join(folder, file)));
	const [graph] = messages(model, Model.graph);
	return { model, graph: graph!, nodes: messages(graph!, Graph.nodes) };
}

const textOf = (message: Field[], number = 1) =>
	texts(message, number)[0] ?? "";
const operatorOf = (node: Field[]) => textOf(node, Node.operator);

/** Where a weight's bytes are: { location, offset, length }; empty for a weight inside the ONNX file. */
function externalData(tensor: Field[]): Record<string, string | undefined> {
	const entries = messages(tensor, Tensor.externalData);
	return Object.fromEntries(
		entries.map((entry) => [textOf(entry), textOf(entry, 2)]),
	);
}

test("there is one graph per tower, with the weights in files beside it", () => {
	const files = readdirSync(folder);
	expect(files).toEqual(expect.arrayContaining(["image.onnx", "text.onnx"]));
	for (const file of files)
		expect(statSync(join(folder, file)).size, file).toBeGreaterThan(0);
});

describe.each(["image.onnx", "text.onnx"])("%s", (file) => {
	test("every operator is from a declared operator set", () => {
		const { model, nodes } = readModel(file);
		const declared = new Set(
			messages(model, Model.operatorSets).map((set) => textOf(set)),
		);
		expect(nodes.length).toBeGreaterThan(10);
		for (const node of nodes) {
			expect(operatorOf(node)).toMatch(/^[A-Z]\w+$/);
			expect(declared, operatorOf(node)).toContain(textOf(node, Node.domain));
		}
		expect(nodes.map(operatorOf)).toEqual(
			expect.arrayContaining(["LayerNormalization", "SegmentAttention"]),
		);
	});

	test("every value is computed once, before it is used", () => {
		const { graph, nodes } = readModel(file);
		const known = new Set([
			...messages(graph, Graph.inputs).map((input) => textOf(input)),
			...messages(graph, Graph.initializers).map((tensor) =>
				textOf(tensor, Tensor.name),
			),
		]);
		const isUsed = (name: string) => name !== ""; // an optional input or output without a name is not used
		for (const node of nodes) {
			for (const input of texts(node, Node.inputs).filter(isUsed)) {
				expect(known, `an input of ${operatorOf(node)}`).toContain(input);
			}
			for (const output of texts(node, Node.outputs).filter(isUsed)) {
				expect(known, `an output of ${operatorOf(node)}`).not.toContain(output);
				known.add(output);
			}
		}
		for (const output of messages(graph, Graph.outputs))
			expect(known).toContain(textOf(output));
	});

	test("the weights fill the file beside the graph and do not overlap", () => {
		const { graph } = readModel(file);
		const external = messages(graph, Graph.initializers)
			.map(externalData)
			.filter(({ location }) => location !== undefined);
		expect(external.length).toBeGreaterThan(10);
		const location = external[0]!["location"]!;
		const ranges = external.map((data) => {
			expect(data["location"]).toBe(location);
			const start = Number(data["offset"] ?? 0);
			return { start, end: start + Number(data["length"]) };
		});
		ranges.sort((a, b) => a.start - b.start);
		const size = statSync(join(folder, location)).size;
		for (const [i, { start, end }] of ranges.entries()) {
			expect(end).toBeGreaterThan(start);
			expect(end).toBeLessThanOrEqual(ranges[i + 1]?.start ?? size);
		}
		expect(ranges.at(-1)!.end).toBe(size);
	});

	test("every weight has as many bytes as its shape needs", () => {
		const bytesPerElement: Record<number, number> = {
			1: 4,
			2: 1,
			3: 1,
			6: 4,
			7: 8,
			9: 1,
			10: 2,
			11: 8,
		};
		for (const tensor of messages(readModel(file).graph, Graph.initializers)) {
			const raw = tensor.find(({ number }) => number === Tensor.rawData)
				?.value as Buffer | undefined;
			const { length } = externalData(tensor);
			// Small tensors may have their values in typed fields instead.
			if (!raw && length === undefined) continue;
			const elements = integers(tensor, Tensor.shape).reduce(
				(product, size) => product * size,
				1,
			);
			const [dataType] = integers(tensor, Tensor.dataType);
			const bytes = raw?.length ?? Number(length);
			expect(bytes, textOf(tensor, Tensor.name)).toBe(
				elements * bytesPerElement[dataType!]!,
			);
		}
	});
});

test("operators are from ONNX, from ONNX Runtime, or from this package", () => {
	const { nodes } = readModel("image.onnx");
	const domains = new Set(nodes.map((node) => textOf(node, Node.domain)));
	expect(domains).toContain("alfa");
	const foreign = [...domains].filter(
		(domain) => !["", "com.microsoft", "alfa"].includes(domain),
	);
	expect(foreign).toEqual([]);
});

test("a path where no folder can be created is rejected", async () => {
	const file = join(temporaryFolder(), "file");
	writeFileSync(file, "");
	await using engine = await Engine.open({ model: tinyModel });
	for (const path of [file, join(file, "folder")]) {
		await expectError(() => engine.exportOnnx(path), "ERR_ALFA_WRITE", path);
	}
});

test("a second export writes the same bytes", async () => {
	const second = temporaryFolder();
	await using engine = await Engine.open({ model: tinyModel });
	await engine.exportOnnx(second);
	for (const file of readdirSync(folder)) {
		const [first, again] = [folder, second].map((path) =>
			readFileSync(join(path, file)),
		);
		expect(again!.equals(first!), file).toBe(true);
	}
});
