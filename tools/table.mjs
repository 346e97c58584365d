// Prints results of `alfa evaluate` as a Markdown table: one row per variant, and for each data set three columns,
// image AUROC, pixel AUROC and PRO.
//   node tools/table.mjs [--only PREFIX] REPORT/results.json...
import { readFileSync } from "node:fs";

const metrics = {
	imageAuroc: "image AUROC",
	pixelAuroc: "pixel AUROC",
	pro: "PRO",
};

const args = process.argv.slice(2);
const prefix = args[0] === "--only" ? args.splice(0, 2)[1] : "";
const reports = args.map((file) => JSON.parse(readFileSync(file, "utf8")));
const datasets = reports.flatMap(({ model, datasets }) =>
	datasets.map(({ name, mean }) => ({
		title: `${model.name.split("/").at(-1)}, ${name}`,
		mean,
	})),
);

const headings = datasets.flatMap(({ title }) => {
	const [first, ...rest] = Object.values(metrics);
	return [`${title}: ${first}`, ...rest];
});
printRow(["", ...headings]);
console.log(`|${"---|".repeat(1 + headings.length)}`);
for (const { id } of reports[0].variants) {
	if (!id.startsWith(prefix)) continue;
	const values = datasets.flatMap(({ mean }) =>
		Object.keys(metrics).map((name) => formatValue(mean[id]?.[name])),
	);
	printRow([id.slice(prefix.length), ...values]);
}

function printRow(cells) {
	console.log(`| ${cells.join(" | ")} |`);
}

/** In percent, with the standard deviation over seeds. A dash where the metric is not defined. */
function formatValue(value) {
	if (!value || value.mean === null) return "–";
	const percent = (share) => (100 * share).toFixed(1);
	const deviation = value.std === null ? "" : ` ± ${percent(value.std)}`;
	return percent(value.mean) + deviation;
}
