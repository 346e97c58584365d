// Image cards. The cards of one row have the same height. `.more` reserves space for content that is filled in later.
export const cards = /* css */ `
.cards {
	display: grid;
	grid-template-columns: repeat(auto-fill, minmax(min(100%, 12.5rem), 1fr));
	gap: 0.9rem;
}
article {
	position: relative;
	min-width: 0;
	display: flex;
	flex-direction: column;
	background: var(--card);
	border: 1px solid var(--line);
	border-radius: 0.5rem;
	overflow: hidden;
	font-size: 0.82rem;
	padding-bottom: 0.6rem;
}
article > :not(.image, .toggles) {
	margin-inline: 0.7rem;
}
.image {
	aspect-ratio: 1;
	display: grid;
	place-items: center;
	background: var(--well);
}
.frame {
	position: relative;
	aspect-ratio: var(--aspect, 1);
	width: min(100%, 100% * var(--aspect, 1));
}
.frame img,
.frame canvas {
	position: absolute;
	inset: 0;
	width: 100%;
	height: 100%;
}
.map {
	opacity: var(--opacity);
}
.frame .map.flat {
	width: auto;
	aspect-ratio: 1;
	left: 50%;
	translate: -50%;
}
.frame .map.tall {
	height: auto;
	aspect-ratio: 1;
	top: 50%;
	translate: 0 -50%;
}
.toggles {
	position: absolute;
	top: 0.4rem;
	right: 0.4rem;
	display: flex;
	gap: 0.25rem;
}
.toggles button {
	min-height: 1.5rem;
	padding: 0 0.45rem;
	font-size: 0.74rem;
	opacity: 0.9;
}
.toggles button[disabled] {
	display: none;
}
@media (hover: hover) {
	.toggles {
		opacity: 0;
	}
	article:hover .toggles,
	article:focus-within .toggles {
		opacity: 1;
	}
}
.score {
	display: flex;
	flex-wrap: wrap;
	align-items: baseline;
	gap: 0 0.45rem;
	margin-top: 0.5rem;
}
.threshold {
	color: var(--soft);
	white-space: nowrap;
}
.score b {
	font-size: 1.08rem;
	font-weight: 650;
}
.outcome {
	color: var(--good);
}
.missed .outcome,
.alarm .outcome {
	color: var(--bad);
	font-weight: 600;
}
.unknown .outcome {
	color: var(--soft);
}
article.missed,
article.alarm {
	border-color: color-mix(in srgb, var(--bad) 55%, var(--line));
}
.names h3 {
	font-size: 0.82rem;
	font-weight: 500;
	margin: 0.1rem 0 0;
}
.names p,
.rank,
.more p {
	color: var(--soft);
	font-size: 0.78rem;
	overflow-wrap: anywhere;
}
.names bdi {
	display: -webkit-inline-box;
	-webkit-box-orient: vertical;
	-webkit-line-clamp: 2;
	overflow: hidden;
	vertical-align: top;
}
.more {
	display: grid;
	gap: 0.15rem;
	min-height: 5.2rem;
	margin-top: 0.35rem;
	align-content: start;
}
.more em {
	font-style: normal;
	color: var(--bad);
}
.bar {
	display: flex;
	justify-content: space-between;
	gap: 0.5rem;
	min-width: 0;
	padding: 0.05rem 0.35rem;
	border-radius: 0.2rem;
	font-size: 0.78rem;
	background: linear-gradient(
		to right,
		var(--bar) var(--share),
		transparent var(--share)
	);
}
.bar bdi {
	overflow: hidden;
	text-overflow: ellipsis;
	white-space: nowrap;
	min-width: 0;
}
@media (max-width: 30rem) {
	.cards {
		grid-template-columns: repeat(2, minmax(0, 1fr));
		gap: 0.6rem;
	}
	article > :not(.image, .toggles) {
		margin-inline: 0.5rem;
	}
}
`;
