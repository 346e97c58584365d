// Writes the table of docs/settings.md between its markers: node tools/settings-docs.mjs [--check]
// Defaults and allowed values come from dist/settings/settings.js, descriptions from the doc comments of
// lib/settings/settings.ts. --check changes nothing and fails if the page is out of date.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { settingTable } from "../dist/settings/settings.js";

const source = fileURLToPath(
	new URL("../lib/settings/settings.ts", import.meta.url),
);
const page = fileURLToPath(new URL("../docs/settings.md", import.meta.url));
const markers = ["<!-- settings: begin -->", "<!-- settings: end -->"];

/** The doc comment of each setting by its path, such as "bank.share". Nesting follows the indentation. */
function docComments(text) {
	const comments = new Map();
	const parents = [];
	const lines = text.split("\n");
	let comment;
	for (let i = 0; i < lines.length; i++) {
		if (/^\s*\/\*\*/.test(lines[i])) {
			const first = i;
			while (!lines[i].includes("*/")) i++;
			comment = lines
				.slice(first, i + 1)
				.map((line) =>
					line.replace(/^\s*(\/\*\*|\*\/|\*)|\*\/\s*$/g, "").trim(),
				)
				.join(" ")
				.trim();
			continue;
		}
		const entry = /^(\t*)(?:(?:export )?const )?(\w+)(?=[:,]| =)/.exec(
			lines[i],
		);
		if (!entry) {
			comment = undefined;
			continue;
		}
		const [, indent, name] = entry;
		while (parents.length > 0 && parents.at(-1).depth >= indent.length)
			parents.pop();
		parents.push({ depth: indent.length, name });
		const path = parents
			.map((parent) => parent.name)
			.filter((each) => !each.endsWith("Table"))
			.join(".");
		if (comment !== undefined) comments.set(path, comment);
		comment = undefined;
	}
	return comments;
}

function rows(table, comments, prefix = "") {
	return Object.entries(table).flatMap(([name, setting]) => {
		const path = prefix + name;
		const description = comments.get(path);
		if (!description)
			throw new Error(`${path} has no doc comment in ${source}`);
		const cells = [
			`\`${path}\``,
			setting.accepts.replaceAll("'", "`"),
			setting.fields && typeof setting.default === "object"
				? ""
				: defaultText(path, setting.default),
			description.replaceAll("|", "\\|"),
		];
		return [
			`| ${cells.join(" | ")} |`,
			...rows(setting.fields ?? {}, comments, `${path}.`),
		];
	});
}

function defaultText(path, value) {
	if (value === undefined || path === "features.layers") return "none";
	return `\`${Array.isArray(value) ? `[${value.join(", ")}]` : value}\``;
}

const text = readFileSync(page, "utf8");
const [begin, end] = markers.map((marker) => text.indexOf(marker));
if (begin < 0 || end < begin)
	throw new Error(`${page} needs the markers ${markers.join(" and ")}`);
const generated = [
	markers[0],
	"| setting | values | default | meaning |",
	"|---|---|---|---|",
	...rows(settingTable, docComments(readFileSync(source, "utf8"))),
	"",
].join("\n");
const updated = text.slice(0, begin) + generated + text.slice(end);
if (updated === text) process.exit(0);
if (process.argv.includes("--check")) {
	console.error(
		"docs/settings.md is out of date. Run: node tools/settings-docs.mjs",
	);
	process.exit(1);
}
writeFileSync(page, updated);
