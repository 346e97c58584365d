// Results of `alfa evaluate` as a table for the docs: image AUROC, pixel AUROC and PRO of every variant, a group of columns per file.
//   node tools/table.mjs [--only PREFIX] REPORT/results.json …
import { readFileSync } from "node:fs";

const args = process.argv.slice(2);
const only = args[0] === "--only" ? args.splice(0, 2)[1] : "";
const files = args.map((file) => JSON.parse(readFileSync(file, "utf8")));
const metrics = ["imageAuroc", "pixelAuroc", "pro"];
const cell = ({ mean, std }) =>
	mean === null
		? "–"
		: `${(100 * mean).toFixed(1)}${std === null ? "" : ` ± ${(100 * std).toFixed(1)}`}`;
const datasets = files.flatMap(({ model, datasets }) =>
	datasets.map((each) => ({
		title: `${model.name.split("/").at(-1)}, ${each.name}`,
		mean: each.mean,
	})),
);
console.log(
	`| | ${datasets.map(({ title }) => `${title}: image AUROC | pixel AUROC | PRO`).join(" | ")} |`,
);
console.log(`|---|${"---|".repeat(3 * datasets.length)}`);
for (const { id } of files[0].variants) {
	if (!id.startsWith(only)) continue;
	console.log(
		`| ${id.slice(only.length)} | ${datasets.flatMap(({ mean }) => metrics.map((name) => (mean[id] ? cell(mean[id][name]) : "–"))).join(" | ")} |`,
	);
}
