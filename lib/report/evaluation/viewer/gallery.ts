// The gallery: pages of image cards. A page has so few cards that none must be removed while scrolling.
import { type Card, makeCard, type Overlays } from "./card.js";
import { rows } from "./data.js";
import {
	byId,
	isPressed,
	setChoices,
	setPressed,
	systemChoices,
} from "./dom.js";
import {
	fillCategoryFilter,
	fillKindFilter,
	filterElement,
	filterNames,
	filterRows,
	readFilters,
} from "./filters.js";
import { ranksOf } from "./ranking.js";

const cardsPerPage = 48;
/** Milliseconds without typing before the text filter is applied. */
const typingDelay = 120;

/** Indices of the rows that match the filters, sorted. */
let matching: number[] = [];
let pageNumber = 0;
let cards = new Map<Element, Card>();

const viewObserver = new IntersectionObserver(
	(entries) => {
		for (const { isIntersecting, target } of entries) {
			if (!isIntersecting) continue;
			viewObserver.unobserve(target);
			cards.get(target)?.fill();
		}
	},
	{ rootMargin: "300px" },
);

function visibleOverlays(): Overlays {
	return {
		mask: isPressed(byId("show-mask")),
		map: isPressed(byId("show-map")),
	};
}

function pageCount(): number {
	return Math.max(1, Math.ceil(matching.length / cardsPerPage));
}

function drawPage(): void {
	const { system } = readFilters();
	const ranks = ranksOf(system);
	const first = pageNumber * cardsPerPage;
	const visible = matching.slice(first, first + cardsPerPage);
	viewObserver.disconnect();
	cards = new Map(
		visible.map((i) => {
			const card = makeCard(
				rows[i]!,
				system,
				ranks[i] ?? null,
				visibleOverlays(),
			);
			return [card.element, card];
		}),
	);
	byId("cards").replaceChildren(...cards.keys());
	for (const element of cards.keys()) viewObserver.observe(element);
	byId("gallery-status").textContent = statusText(first, visible.length);
	updatePagers();
}

function statusText(first: number, visible: number): string {
	if (matching.length === 0) return "No image matches the filters.";
	const format = (count: number) => count.toLocaleString("en");
	const total = `${format(matching.length)} of ${format(rows.length)} images`;
	return matching.length > visible
		? `${total}, showing ${format(first + 1)} to ${format(first + visible)}`
		: total;
}

function updatePagers(): void {
	for (const pager of document.querySelectorAll<HTMLElement>(".pager")) {
		pager.hidden = pageCount() === 1;
		pager.querySelector(".page-number")!.textContent =
			`${pageNumber + 1} / ${pageCount()}`;
		for (const button of pager.querySelectorAll<HTMLButtonElement>("button")) {
			button.setAttribute(
				"aria-disabled",
				String(!hasPage(targetPage(button))),
			);
		}
	}
}

function targetPage(button: HTMLElement): number {
	return pageNumber + Number(button.dataset["step"]);
}

function hasPage(page: number): boolean {
	return page >= 0 && page < pageCount();
}

function turnPage(button: HTMLElement): void {
	const target = targetPage(button);
	if (!hasPage(target)) return;
	pageNumber = target;
	drawPage();
	byId("images").scrollIntoView();
}

function applyFilters(): void {
	matching = filterRows(readFilters());
	pageNumber = 0;
	drawPage();
}

export function startGallery(): void {
	setChoices(filterElement("system") as HTMLSelectElement, [
		{ choices: systemChoices },
	]);
	fillCategoryFilter();
	fillKindFilter();
	listenToFilters();
	for (const button of document.querySelectorAll<HTMLButtonElement>(
		"[data-step]",
	)) {
		button.addEventListener("click", () => turnPage(button));
	}
	listenToOverlays();
	addEventListener("beforeprint", () => {
		for (const card of cards.values()) card.fill();
	});
	applyFilters();
}

function listenToFilters(): void {
	const form = byId<HTMLFormElement>("filters");
	form.addEventListener("submit", (event) => event.preventDefault());
	let timer = 0;
	filterElement("text").addEventListener("input", () => {
		window.clearTimeout(timer);
		timer = window.setTimeout(applyFilters, typingDelay);
	});
	for (const name of filterNames) {
		if (name === "text") continue;
		filterElement(name).addEventListener("change", () => {
			if (name === "category") fillKindFilter();
			applyFilters();
		});
	}
	byId("filters-reset").addEventListener("click", () => {
		const { value } = filterElement("system");
		form.reset();
		filterElement("system").value = value;
		fillKindFilter();
		applyFilters();
	});
}

function listenToOverlays(): void {
	for (const button of [byId("show-mask"), byId("show-map")]) {
		button.addEventListener("click", () => {
			setPressed(button, !isPressed(button));
			for (const card of cards.values()) card.setOverlays(visibleOverlays());
		});
	}
	const opacity = byId<HTMLInputElement>("map-opacity");
	const setOpacity = () =>
		byId("cards").style.setProperty(
			"--opacity",
			String(Number(opacity.value) / 100),
		);
	opacity.addEventListener("input", setOpacity);
	setOpacity();
}
