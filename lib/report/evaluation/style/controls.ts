// Form controls, the image pager, and the buttons of the overlays.
export const controls = /* css */ `
.controls {
	display: flex;
	flex-wrap: wrap;
	align-items: flex-start;
	gap: 0.6rem 0.9rem;
	margin-bottom: 0.8rem;
	font-size: 0.88rem;
}
.controls label,
fieldset.chips {
	color: var(--soft);
	font-size: 0.8rem;
	min-width: 0;
}
.controls label {
	display: flex;
	flex-direction: column;
	gap: 0.15rem;
	max-width: min(100%, 17rem);
}
.controls > button {
	align-self: flex-end;
}
[hidden] {
	display: none !important;
}
select,
input[type="search"],
button {
	font: inherit;
	font-size: 0.88rem;
	color: var(--ink);
	background: var(--card);
	border: 1px solid var(--rule);
	border-radius: 0.35rem;
	padding: 0.28rem 0.5rem;
	min-height: 2.1rem;
	max-width: 100%;
}
select {
	text-overflow: ellipsis;
}
input[type="search"] {
	width: 11rem;
}
button {
	cursor: pointer;
	padding-inline: 0.8rem;
}
button:hover:not([disabled], [aria-disabled="true"]) {
	border-color: var(--accent);
}
button[aria-pressed="true"] {
	background: var(--tint);
	border-color: var(--accent);
	color: var(--accent);
}
button[disabled],
button[aria-disabled="true"] {
	opacity: 0.45;
	cursor: default;
}
input[type="range"],
input[type="checkbox"] {
	accent-color: var(--accent);
}
input[type="range"] {
	width: 6rem;
	height: 2.1rem;
	margin: 0;
}
fieldset.chips {
	border: 0;
	padding: 0;
	margin: 0;
	flex: 1 1 16rem;
}
fieldset.chips legend {
	padding: 0;
	margin-bottom: 0.15rem;
}
.chips > div {
	display: flex;
	flex-wrap: wrap;
	gap: 0.1rem 1rem;
	align-items: center;
	min-height: 2.1rem;
}
.controls .chips label {
	flex-direction: row;
	align-items: center;
	gap: 0.35rem;
	color: var(--ink);
	font-size: 0.88rem;
	cursor: pointer;
}
.chips input,
.chips .swatch {
	margin: 0;
}
.swatch {
	display: inline-block;
	width: 1.1rem;
	height: 3px;
	border-radius: 2px;
	background: var(--swatch);
	vertical-align: middle;
	margin-right: 0.3rem;
	flex: none;
}
.swatch.dashed {
	background: repeating-linear-gradient(
		to right,
		var(--swatch) 0 5px,
		transparent 5px 8px
	);
}
.overlay-controls {
	display: flex;
	flex-wrap: wrap;
	gap: 0.4rem;
	align-items: center;
	margin-left: auto;
	font-size: 0.88rem;
	color: var(--soft);
}
.overlay-controls label {
	display: flex;
	align-items: center;
	gap: 0.4rem;
	margin: 0 0.4rem;
}
.strip {
	display: flex;
	flex-wrap: wrap;
	align-items: center;
	justify-content: space-between;
	gap: 0.5rem 1rem;
	margin-bottom: 0.7rem;
}
.strip .caption {
	margin: 0;
}
.cards + .strip {
	margin: 1rem 0 0;
	justify-content: flex-end;
}
.pager {
	display: flex;
	align-items: center;
	gap: 0.6rem;
	font-size: 0.88rem;
}
.page-number {
	min-width: 4.2em;
	text-align: center;
	color: var(--soft);
}
@media (max-width: 40rem) {
	.controls label:has(select, input[type="search"]) {
		flex: 1 1 40%;
		max-width: none;
	}
	.controls select,
	.controls input[type="search"] {
		width: 100%;
		max-width: none;
	}
	.overlay-controls {
		margin-left: 0;
	}
}
`;
