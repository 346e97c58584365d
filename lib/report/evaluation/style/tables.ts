// Tables. A metric cell ends in an <i> of fixed width for the deviation or difference, so that decimal points
// are aligned.
export const tables = /* css */ `
.wide {
	position: relative;
	overflow-x: auto;
	background: var(--card);
	border: 1px solid var(--line);
	border-radius: 0.5rem;
}
table {
	border-collapse: separate;
	border-spacing: 0;
	width: 100%;
	font-size: 0.88rem;
}
caption {
	text-align: left;
}
th,
td {
	padding: 0.32rem 0.55rem;
	text-align: right;
	white-space: nowrap;
	vertical-align: baseline;
	border-bottom: 1px solid var(--line);
	font-weight: 400;
}
tbody:last-child tr:last-child > *,
tfoot tr > * {
	border-bottom: 0;
}
thead th {
	color: var(--soft);
	font-size: 0.8rem;
	border-bottom-color: var(--rule);
	vertical-align: bottom;
}
thead th[scope="colgroup"] {
	text-align: center;
	border-bottom-color: var(--line);
	border-left: 1px solid var(--line);
}
th[scope="row"],
thead tr:first-child th:first-child {
	text-align: left;
	padding-left: 0.8rem;
	position: sticky;
	left: 0;
	background: var(--card);
	z-index: 1;
	white-space: normal;
	min-width: 8rem;
	max-width: 22rem;
	overflow-wrap: anywhere;
}
thead th bdi {
	display: inline-block;
	max-width: 11rem;
	overflow: hidden;
	text-overflow: ellipsis;
	vertical-align: bottom;
}
.metrics i {
	display: inline-block;
	width: 3.5em;
	padding-left: 0.3em;
	font-weight: 400;
	text-align: left;
	font-style: normal;
	font-size: 0.78rem;
	color: var(--soft);
}
.metrics .count {
	color: var(--soft);
	padding-right: 1rem;
}
.best {
	font-weight: 700;
	color: var(--accent);
}
tbody tr:hover > * {
	background: var(--well);
}
tfoot th,
tfoot td {
	border-top: 1px solid var(--rule);
}
tfoot th {
	font-weight: 600;
}
.published > * {
	color: var(--soft);
	font-size: 0.82rem;
}
.published th[scope="row"] {
	padding-left: 1.6rem;
}
tr:has(+ .published) > * {
	border-bottom: 0;
}
.published > *,
tr:has(+ .published) > * {
	padding-bottom: 0.22rem;
}
.none {
	color: var(--soft);
	text-decoration: none;
}
.none sup,
i sup {
	font-size: 0.68rem;
	line-height: 0;
	margin-left: 0.1em;
}
a.none:hover {
	text-decoration: underline;
}
.notes {
	margin: 0.5rem 0 0;
	padding-left: 1.6rem;
	font-size: 0.82rem;
	color: var(--soft);
}
.notes:empty {
	display: none;
}
.notes li:target {
	color: var(--ink);
}
.settings th,
.settings td {
	text-align: left;
	font-size: 0.82rem;
}
.settings tr:not(.differ) td,
.settings tr:not(.differ) th[scope="row"] {
	color: var(--soft);
}
.wide:has(#category-table) {
	width: fit-content;
	max-width: 100%;
}
#category-table {
	width: auto;
	min-width: min(100%, 34rem);
}
#summary table {
	table-layout: fixed;
	min-width: 63rem;
}
#summary thead tr:first-child th:first-child {
	width: 15.5rem;
}
@media (max-width: 40rem) {
	#summary table {
		min-width: 52rem;
	}
	#summary thead tr:first-child th:first-child {
		width: 8.5rem;
	}
	th[scope="row"],
	thead tr:first-child th:first-child {
		min-width: 6rem;
		max-width: 9rem;
	}
	.published th[scope="row"] {
		padding-left: 1.2rem;
	}
}
`;
