// Charts and their legends.
export const charts = /* css */ `
.charts {
	display: grid;
	grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr));
	gap: 1rem;
}
.chart {
	margin: 0;
	min-width: 0;
	padding: 0.7rem 0.8rem 0.6rem;
	background: var(--card);
	border: 1px solid var(--line);
	border-radius: 0.5rem;
}
figcaption {
	font-size: 0.88rem;
	font-weight: 600;
	margin-bottom: 0.3rem;
}
.plot {
	min-height: 250px;
	overflow: hidden;
}
.empty {
	color: var(--soft);
	font-size: 0.86rem;
	display: grid;
	place-items: center;
	min-height: 100%;
	padding: 1rem;
	text-align: center;
}
.plot .empty {
	min-height: 250px;
}
.legend {
	display: flex;
	flex-wrap: wrap;
	gap: 0 0.9rem;
	min-height: 2.5rem;
	align-content: start;
	font-size: 0.8rem;
	color: var(--soft);
	overflow-wrap: anywhere;
}
.key::before {
	content: "";
	display: inline-block;
	width: 0.7rem;
	height: 0.7rem;
	margin-right: 0.35rem;
	border: 1px solid var(--key);
	border-radius: 2px;
	background: color-mix(in srgb, var(--key) 40%, transparent);
	vertical-align: -0.05rem;
}
.key.good {
	--key: var(--good);
}
.key.defective {
	--key: var(--bad);
}
.u-cursor-x,
.u-cursor-y {
	border-color: var(--rule) !important;
}
.u-hz .u-cursor-y {
	display: none;
}
`;
