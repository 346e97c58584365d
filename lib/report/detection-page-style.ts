// The style sheet of the page of detections.
export const style = /* css */ `
:root {
	color-scheme: light dark;
	--ink: light-dark(#1b1d21, #e8e8ea);
	--soft: light-dark(#66707c, #9aa2ad);
	--card: light-dark(#fff, #22252b);
	--line: light-dark(#dfe3e8, #363b44);
	--bad: light-dark(#c2341d, #ff8a70);
	--good: light-dark(#1f7a45, #6fd39b);
	--bar: light-dark(#f6d9d2, #55332c);
}
body {
	margin: 0 auto;
	max-width: 84rem;
	padding: 1.5rem;
	font:
		15px / 1.45 system-ui,
		sans-serif;
	color: var(--ink);
	background: light-dark(#f5f6f8, #17191d);
}
h1 {
	font-size: 1.5rem;
	margin: 0;
}
h2 {
	font-size: 1.15rem;
	margin: 1.6rem 0 0.6rem;
}
h3 {
	font-size: 1rem;
	margin: 0.6rem 0 0.1rem;
	overflow-wrap: anywhere;
}
header p,
.small {
	color: var(--soft);
	margin: 0.2rem 0;
}
.small {
	font-size: 0.85rem;
}
.cards {
	display: grid;
	grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr));
	gap: 1rem;
}
article {
	background: var(--card);
	border: 1px solid var(--line);
	border-radius: 0.6rem;
	padding: 0.8rem;
	border-top: 0.25rem solid var(--line);
}
article.anomalous {
	border-top-color: var(--bad);
}
article.normal {
	border-top-color: var(--good);
}
img {
	width: 100%;
	border-radius: 0.3rem;
	display: block;
}
.score {
	margin: 0 0 0.5rem;
}
em {
	color: var(--bad);
}
.bar {
	display: flex;
	justify-content: space-between;
	gap: 0.5rem;
	font-size: 0.85rem;
	padding: 0.1rem 0.4rem;
	margin: 0.15rem 0;
	border-radius: 0.2rem;
	background: linear-gradient(
		to right,
		var(--bar) var(--width),
		transparent var(--width)
	);
}
ol,
ul {
	padding-left: 1.2rem;
	font-size: 0.85rem;
	margin: 0.4rem 0;
}
.dropped {
	color: var(--soft);
}
`;
