// Printing: light colours, no controls.
export const print = /* css */ `
@media print {
	:root {
		color-scheme: light;
		font-size: 10.5px;
	}
	#summary table {
		min-width: 0;
		table-layout: auto;
	}
	.metrics i {
		width: 3.2em;
	}
	body {
		background: #fff;
		padding: 0;
		max-width: none;
		font-size: 1rem;
	}
	nav,
	.controls,
	.overlay-controls,
	.pager,
	.toggles,
	.skip {
		display: none;
	}
	.wide {
		overflow: visible;
		border: 0;
	}
	th,
	td {
		padding: 0.15rem 0.3rem;
	}
	th[scope="row"],
	thead th:first-child {
		position: static;
	}
	article,
	.chart,
	tr {
		break-inside: avoid;
	}
	.charts {
		grid-template-columns: repeat(3, 1fr);
	}
	.cards {
		grid-template-columns: repeat(5, 1fr);
	}
	h2,
	h3 {
		break-after: avoid;
	}
	.image,
	.bar {
		print-color-adjust: exact;
	}
}
`;
