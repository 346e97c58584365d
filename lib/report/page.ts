// One self-contained page of results: pictures as data URLs, reasons as bars, no script, nothing from the network. Every
// text (class names, file names, prompts, whatever a model wrote) is escaped.
import { relativeSimilarity, type Reason } from "../category/reasons.js";
import type { Detection, JudgedPrompt } from "../detection.js";
import { escapeHtml } from "../util/escape.js";
import type { Region } from "../category/regions.js";

export interface PageEntry {
	title: string;
	/** PNG of the overlay. */
	overlay?: Uint8Array;
	/** What is known to be true, where it is. */
	truth?: string;
	result: Detection;
}

export interface Page {
	heading: string;
	facts: readonly string[];
	groups: readonly { name: string; entries: readonly PageEntry[] }[];
}

const reasonsShown = 5;

export function renderPage({ heading, facts, groups }: Page): string {
	return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(heading)}</title><style>${style}</style></head>
<body><header><h1>${escapeHtml(heading)}</h1><p>${facts.map(escapeHtml).join(" · ")}</p></header>
${groups.map(({ name, entries }) => `<section><h2>${escapeHtml(name)}</h2><div class="cards">${entries.map(card).join("\n")}</div></section>`).join("\n")}
</body></html>
`;
}

function card(entry: PageEntry): string {
	const { title, overlay, truth, result } = entry;
	const {
		score,
		anomalous,
		reasons,
		regions,
		prompts: { kept, of },
	} = result;
	const said =
		anomalous === undefined ? "" : anomalous ? "anomalous" : "normal";
	const wrong =
		truth !== undefined &&
		anomalous !== undefined &&
		anomalous !== (truth !== "good");
	return `<article class="${said}">
${overlay ? `<img alt="anomaly map over ${escapeHtml(title)}" loading="lazy" src="data:image/png;base64,${Buffer.from(overlay).toString("base64")}">` : ""}
<h3>${escapeHtml(title)}</h3>
<p class="verdict"><strong>${score.toFixed(3)}</strong> ${said}${truth === undefined ? "" : `, truly ${escapeHtml(truth)}`}${wrong ? " <em>wrong</em>" : ""}</p>
${bars(reasons)}
${regions.length > 0 ? `<ol>${regions.slice(0, reasonsShown).map(regionLine).join("")}</ol>` : ""}
${
	of[0] > 0
		? `<p class="small">prompts kept: ${kept[0]} of ${of[0]} normal, ${kept[1]} of ${of[1]} abnormal</p>
<details><summary>all prompts</summary><ul>${result
				.judgedPrompts()
				.sort((a, b) => b.similarity - a.similarity)
				.map(promptLine)
				.join("")}</ul></details>`
		: ""
}
</article>`;
}

function bars(reasons: readonly Reason[]): string {
	return reasons
		.slice(0, reasonsShown)
		.map(
			({ text, similarity }) =>
				`<div class="bar" style="--w:${Math.round(100 * relativeSimilarity(reasons, similarity))}%"><span>${escapeHtml(text)}</span><b>${similarity.toFixed(3)}</b></div>`,
		)
		.join("\n");
}

function regionLine({ box, peak, reason }: Region): string {
	return `<li>${box.width} × ${box.height} at (${box.left}, ${box.top}), peak ${peak.toFixed(3)}${reason ? `: ${escapeHtml(reason)}` : ""}</li>`;
}

function promptLine({ text, label, similarity, kept }: JudgedPrompt): string {
	return `<li class="${kept ? "kept" : "dropped"}">${similarity.toFixed(3)} ${label}: ${escapeHtml(text)}</li>`;
}

const style = `
:root { color-scheme: light dark; --ink: light-dark(#1b1d21, #e8e8ea); --soft: light-dark(#66707c, #9aa2ad); --card: light-dark(#fff, #22252b); --line: light-dark(#dfe3e8, #363b44); --bad: light-dark(#c2341d, #ff8a70); --good: light-dark(#1f7a45, #6fd39b); --bar: light-dark(#f6d9d2, #55332c); }
body { margin: 0 auto; max-width: 84rem; padding: 1.5rem; font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: light-dark(#f5f6f8, #17191d); }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.15rem; margin: 1.6rem 0 .6rem } h3 { font-size: 1rem; margin: .6rem 0 .1rem; overflow-wrap: anywhere }
header p, .small { color: var(--soft); margin: .2rem 0 } .small { font-size: .85rem }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem }
article { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem; border-top: .25rem solid var(--line) }
article.anomalous { border-top-color: var(--bad) } article.normal { border-top-color: var(--good) }
img { width: 100%; border-radius: .3rem; display: block } .verdict { margin: 0 0 .5rem } em { color: var(--bad) }
.bar { display: flex; justify-content: space-between; gap: .5rem; font-size: .85rem; padding: .1rem .4rem; margin: .15rem 0; border-radius: .2rem; background: linear-gradient(to right, var(--bar) var(--w), transparent var(--w)) }
ol, ul { padding-left: 1.2rem; font-size: .85rem; margin: .4rem 0 } .dropped { color: var(--soft) }
`;
