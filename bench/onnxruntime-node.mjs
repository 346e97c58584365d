// The package onnxruntime-node, which only some benchmarks need. It is not a dependency: it unpacks to 288 MB.
import { readFileSync } from "node:fs";

const { version } = JSON.parse(
	readFileSync(new URL("../tools/onnxruntime.json", import.meta.url), "utf8"),
);

export async function loadOnnxRuntimeNode() {
	try {
		return await import("onnxruntime-node");
	} catch (error) {
		throw new Error(
			`onnxruntime-node is not installed. Run \`npm install --no-save --ignore-scripts onnxruntime-node@${version}\`.`,
			{ cause: error },
		);
	}
}
