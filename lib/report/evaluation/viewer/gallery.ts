// Pages of cards. A page holds few enough that nothing needs to be taken away again.

const cardsPerPage = 48;
let matching: number[] = [];
let pageNumber = 0;
let cards = new Map<Element, Card>();

const inView = new IntersectionObserver(
	(entries) => {
		for (const { isIntersecting, target } of entries) {
			if (!isIntersecting) continue;
			inView.unobserve(target);
			cards.get(target)?.fill();
		}
	},
	{ rootMargin: "300px" },
);

function overlaysShown(): { mask: boolean; heat: boolean } {
	return { mask: pressed(byId("show-mask")), heat: pressed(byId("show-heat")) };
}

function pageCount(): number {
	return Math.max(1, Math.ceil(matching.length / cardsPerPage));
}

function drawCards(): void {
	const { system } = readFilters();
	const ranks = ranksOf(system);
	const from = pageNumber * cardsPerPage;
	const shown = matching.slice(from, from + cardsPerPage);
	inView.disconnect();
	cards = new Map(
		shown.map((i) => {
			const card = makeCard(
				rows[i]!,
				system,
				ranks[i] ?? null,
				overlaysShown(),
			);
			return [card.element, card];
		}),
	);
	byId("cards").replaceChildren(...cards.keys());
	for (const element of cards.keys()) inView.observe(element);
	const count = (value: number) => value.toLocaleString("en");
	byId("gallery-status").textContent =
		matching.length === 0
			? "No image is like that."
			: `${count(matching.length)} of ${count(rows.length)} images${matching.length > shown.length ? `, ${count(from + 1)} to ${count(from + shown.length)} shown` : ""}`;
	for (const pager of document.querySelectorAll<HTMLElement>(".pager")) {
		pager.hidden = pageCount() === 1;
		pager.querySelector(".where")!.textContent =
			`${pageNumber + 1} / ${pageCount()}`;
		for (const button of pager.querySelectorAll<HTMLButtonElement>("button")) {
			const to = pageNumber + Number(button.dataset["turn"]);
			button.setAttribute("aria-disabled", String(to < 0 || to >= pageCount()));
		}
	}
}

function filterImages(): void {
	matching = filtered(readFilters());
	pageNumber = 0;
	drawCards();
}

function turn(button: HTMLButtonElement): void {
	const to = pageNumber + Number(button.dataset["turn"]);
	if (to < 0 || to >= pageCount()) return;
	pageNumber = to;
	drawCards();
	byId("images").scrollIntoView();
}

function startGallery(): void {
	const form = byId<HTMLFormElement>("filters");
	options(filterField("system") as HTMLSelectElement, [
		{ choices: systemChoices },
	]);
	fillCategories();
	fillKinds();
	let waiting = 0;
	form.addEventListener("submit", (event) => event.preventDefault());
	filterField("text").addEventListener("input", () => {
		window.clearTimeout(waiting);
		waiting = window.setTimeout(filterImages, 120);
	});
	for (const name of filterFields) {
		if (name !== "text")
			filterField(name).addEventListener("change", () => {
				if (name === "category") fillKinds();
				filterImages();
			});
	}
	byId("filters-reset").addEventListener("click", () => {
		const { value } = filterField("system");
		form.reset();
		filterField("system").value = value;
		fillKinds();
		filterImages();
	});
	for (const button of document.querySelectorAll<HTMLButtonElement>(
		"[data-turn]",
	))
		button.addEventListener("click", () => turn(button));
	for (const id of ["show-mask", "show-heat"])
		byId(id).addEventListener("click", ({ currentTarget }) => {
			pressed(
				currentTarget as HTMLElement,
				!pressed(currentTarget as HTMLElement),
			);
			const { mask, heat } = overlaysShown();
			for (const card of cards.values()) card.overlays(mask, heat);
		});
	byId("heat-opacity").addEventListener("input", showOpacity);
	addEventListener("beforeprint", () => {
		for (const card of cards.values()) card.fill();
	});
	showOpacity();
	filterImages();
}

function showOpacity(): void {
	byId("cards").style.setProperty(
		"--opacity",
		String(Number(byId<HTMLInputElement>("heat-opacity").value) / 100),
	);
}
