// Page layout and text. A <bdi> is a block: a name with an unclosed direction mark would otherwise reverse
// the text after it.
export const layout = /* css */ `
* {
	box-sizing: border-box;
}
body {
	margin: 0 auto;
	max-width: 84rem;
	padding: 1.75rem 1.5rem 4rem;
	font:
		15px / 1.45 system-ui,
		sans-serif;
	color: var(--ink);
	background: var(--page);
	font-variant-numeric: tabular-nums;
	-webkit-text-size-adjust: 100%;
}
h1,
h2,
h3 {
	line-height: 1.25;
	font-weight: 650;
	text-wrap: balance;
}
h1 {
	font-size: 1.55rem;
	margin: 0;
	overflow-wrap: anywhere;
}
h2 {
	font-size: 1.2rem;
	margin: 0 0 0.8rem;
}
h3 {
	font-size: 1rem;
	margin: 1.4rem 0 0.15rem;
	overflow-wrap: anywhere;
}
h2 + h3 {
	margin-top: 0;
}
section {
	margin-top: 2.6rem;
	scroll-margin-top: 1rem;
}
h2[tabindex] {
	scroll-margin-top: 1rem;
}
p {
	margin: 0;
}
.lead {
	color: var(--soft);
	margin: 0.25rem 0 1.2rem;
}
.caption {
	color: var(--soft);
	font-size: 0.86rem;
	margin-bottom: 0.55rem;
	max-width: 60rem;
}
small {
	white-space: nowrap;
	font-size: 0.8rem;
	font-weight: 400;
	color: var(--soft);
}
a {
	color: var(--accent);
}
bdi {
	display: inline-block;
	max-width: 100%;
}
li > bdi,
dd > bdi {
	display: block;
}
.name {
	overflow-wrap: anywhere;
}
:focus-visible {
	outline: 2px solid var(--accent);
	outline-offset: 2px;
	border-radius: 0.2rem;
}
.hidden,
.skip:not(:focus) {
	position: absolute;
	width: 1px;
	height: 1px;
	overflow: hidden;
	clip-path: inset(50%);
	white-space: nowrap;
}
.skip:focus {
	display: inline-block;
	padding: 0.3rem 0.7rem;
	margin-bottom: 0.6rem;
	background: var(--card);
}
.facts {
	display: grid;
	grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr));
	gap: 0.7rem 1.5rem;
	margin: 0;
	font-size: 0.9rem;
}
.facts dt {
	color: var(--soft);
	font-size: 0.8rem;
}
.facts dd {
	margin: 0;
}
header {
	border-bottom: 1px solid var(--line);
	padding-bottom: 1rem;
}
nav {
	display: flex;
	flex-wrap: wrap;
	gap: 0.2rem 1.3rem;
	margin-top: 1.2rem;
	font-size: 0.9rem;
}
nav a {
	text-decoration: none;
}
nav a:hover {
	text-decoration: underline;
}
details {
	background: var(--card);
	border: 1px solid var(--line);
	border-radius: 0.5rem;
}
details + details {
	margin-top: 0.5rem;
}
summary {
	cursor: pointer;
	padding: 0.5rem 0.8rem;
	border-radius: 0.5rem;
}
summary b {
	display: inline-block;
	min-width: 2.2em;
	text-align: right;
	margin-right: 0.4rem;
}
details[open] > summary {
	border-bottom: 1px solid var(--line);
	border-radius: 0.5rem 0.5rem 0 0;
}
details > :not(summary),
details > .facts {
	margin: 0.8rem;
}
details.quiet {
	background: none;
	border: 0;
	margin-top: 0.9rem;
}
details.quiet > summary {
	padding: 0;
	border: 0;
	color: var(--soft);
	font-size: 0.86rem;
	width: fit-content;
}
details.quiet > :not(summary) {
	margin: 0.5rem 0;
}
.meanings {
	display: grid;
	grid-template-columns: max-content 1fr;
	gap: 0.2rem 1rem;
	font-size: 0.86rem;
}
.meanings dt {
	color: var(--soft);
}
.meanings dd {
	margin: 0;
	max-width: 46rem;
}
.problems {
	list-style: none;
	padding: 0;
	font-size: 0.86rem;
}
.problems li {
	display: grid;
	grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
	gap: 0 1.5rem;
	padding: 0.3rem 0;
	border-top: 1px solid var(--line);
}
.problems li:first-child {
	border: 0;
}
.problems p {
	color: var(--soft);
}
@media (max-width: 40rem) {
	.facts {
		gap: 0.3rem;
	}
	.facts > div {
		display: grid;
		grid-template-columns: 5.4rem 1fr;
		align-items: baseline;
	}
	body {
		padding: 1.2rem 0.9rem 3rem;
	}
	section {
		margin-top: 2.1rem;
	}
	.meanings {
		grid-template-columns: 1fr;
	}
	.meanings dd {
		margin-bottom: 0.4rem;
	}
}
@media (prefers-reduced-motion: no-preference) {
	html {
		scroll-behavior: smooth;
	}
}
@media (scripting: none) {
	.scripted {
		display: none;
	}
}
`;
