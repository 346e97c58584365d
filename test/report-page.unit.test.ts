// The report page in a browser without network access.
// The evaluation is made up, so this test calls the function that writes the page.
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeEvaluationPage } from "../dist/report/evaluation/page.js";
import type { PageImage } from "../dist/report/evaluation/page-image.js";
import {
	countColours,
	launchBrowser,
	measureContrast,
	noBrowser,
	openPage,
} from "./support/browser.js";
import {
	makeEvaluation,
	noGoodReason,
	plans,
	withoutGood,
} from "./support/evaluation.js";
import { temporaryFolder } from "./support/folder.js";

if (noBrowser) console.warn(`skipped: ${noBrowser}`);

describe.skipIf(noBrowser)(
	`in a browser${noBrowser && ` (${noBrowser})`}`,
	() => {
		let browser: Browser;
		let file: string;
		let images: PageImage[];

		beforeAll(async () => {
			file = join(temporaryFolder(), "page.html");
			const page = await makeEvaluation();
			images = page.images;
			await writeEvaluationPage(file, page);
			browser = await launchBrowser();
		});
		afterAll(() => browser?.close());

		const visibleCards = (page: Page) =>
			page.$$eval(".cards article", (cards) =>
				cards.map((card) => ({
					name: card.querySelector("h3")!.title,
					score: Number(card.querySelector(".score b")!.textContent),
					outcome: card.className,
				})),
			);
		const chartPixels = (page: Page) =>
			page.$eval("#chart-roc canvas", (canvas) =>
				(canvas as HTMLCanvasElement).toDataURL(),
			);
		/** Waits for something that the page draws later. */
		const eventually = <T>(read: () => Promise<T>) =>
			expect.poll(read, { timeout: 15_000 });
		const choose = (page: Page, name: string, value: string) =>
			page.selectOption(`#filter-${name}`, value);

		test("draws everything without an error, a policy violation or a request", async () => {
			const { page, errors, requests } = await openPage(browser, file);
			expect(await page.locator(".cards img").count()).toBe(0);
			await page.locator(".cards article").first().scrollIntoViewIfNeeded();
			await page.locator(".cards article canvas.map").first().waitFor();
			await page.locator(".cards article canvas.outline").first().waitFor();
			for (const selector of [
				".plot canvas",
				".cards article:nth-child(-n+3) canvas",
			]) {
				await eventually(
					async () => (await countColours(page, selector)).length,
				).toBeGreaterThan(2);
				await eventually(async () =>
					Math.min(...(await countColours(page, selector))),
				).toBeGreaterThan(1);
			}
			await page.hover("#chart-roc .u-over");
			await eventually(() => page.textContent("#chart-roc .legend")).toMatch(
				/^at 0\.\d{3}alfa 0\.\d{3}/,
			);
			await page.selectOption("#chart-category", "1/2");
			await page.click('.pager button[data-step="1"]');
			expect(errors).toEqual([]);
			expect(requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual(
				[],
			);
			expect(requests.filter((url) => url.startsWith("file:"))).toHaveLength(1);
			await page.close();
		});

		test("shows a dash with a reason for a missing value", async () => {
			const { page } = await openPage(browser, file);
			const row = page.locator("#category-table tbody tr", {
				hasText: withoutGood,
			});
			expect(await row.locator("td").allTextContents()).toEqual([
				"0",
				"36",
				...Array(3).fill("–1 not measured, see note 1"),
			]);
			expect(await row.locator("a").first().getAttribute("title")).toBe(
				noGoodReason,
			);
			expect(await page.textContent("#category-note-1")).toBe(noGoodReason);
			expect(await page.textContent("#summary-note-0-1")).toBe(
				"Mean over the 7 of 8 categories in which this metric can be computed.",
			);
			await page.selectOption("#category-show", "system:1");
			expect((await row.locator("td").allTextContents()).slice(2, 7)).toEqual([
				...Array(4).fill("–1 not measured, see note 1"),
				expect.stringMatching(/^\d\d\.\d±\d\.\d$/),
			]);
			await page.selectOption(
				"#chart-category",
				`0/${plans[0]!.categories.indexOf(withoutGood)}`,
			);
			expect(await page.textContent("#chart-roc .plot")).toBe(
				"Not available for this category.",
			);
			await page.close();
		});

		test("filters and sorts the images", async () => {
			const { page } = await openPage(browser, file);
			const total = images.length;
			expect(await page.textContent("#gallery-status")).toBe(
				`${total} of ${total} images, showing 1 to 48`,
			);
			await choose(page, "category", "0/3");
			expect(
				(await visibleCards(page)).every(({ name }) =>
					name.startsWith("carpet/"),
				),
			).toBe(true);
			await choose(page, "kind", ":scratch");
			const scratches = await visibleCards(page);
			expect(scratches.map(({ name }) => name).sort()).toEqual(
				images
					.filter(
						(each) => each.category === "carpet" && each.kind === "scratch",
					)
					.map(({ id }) => id)
					.sort(),
			);
			await choose(page, "kind", "all");
			await choose(page, "outcome", "wrong");
			const wrong = await visibleCards(page);
			expect(wrong.length).toBeGreaterThan(0);
			expect(
				wrong.every(
					({ outcome }) => outcome === "missed" || outcome === "alarm",
				),
			).toBe(true);
			await page.click("#filters-reset");
			await page.fill("#filter-text", "PCB1/TEST/BAD/03");
			await page.waitForFunction(
				() => document.querySelectorAll(".cards article").length === 10,
			);
			await choose(page, "sort", "up");
			const up = (await visibleCards(page)).map(({ score }) => score);
			expect(up).toEqual([...up].sort((a, b) => a - b));
			await choose(page, "sort", "down");
			expect((await visibleCards(page)).map(({ score }) => score)).toEqual(
				up.reverse(),
			);
			await page.click("#filters-reset");
			const wrongness = ({
				anomalous,
				category,
				variants: { alfa },
			}: PageImage) => {
				const others = images
					.filter(
						(each) =>
							each.category === category && each.anomalous !== anomalous,
					)
					.map((each) => each.variants["alfa"]!.score);
				return others.length === 0
					? 0
					: others.filter((score) =>
							anomalous ? score > alfa!.score : score < alfa!.score,
						).length / others.length;
			};
			const byName = new Map(images.map((each) => [each.id, wrongness(each)]));
			const worst = (await visibleCards(page)).map(
				({ name }) => byName.get(name)!,
			);
			expect(worst).toEqual(
				[...byName.values()].sort((a, b) => b - a).slice(0, 48),
			);
			await page.close();
		});

		test.each([
			["light", false],
			["dark", true],
		])(
			"has enough contrast in %s mode, and redraws its charts when the mode changes",
			async (_, dark) => {
				const { page } = await openPage(browser, file, { dark });
				for (const selector of [
					"h1",
					".lead",
					".facts dt",
					"#summary td",
					"#summary td.best",
					".published td",
					"#category-table .none",
					".notes li",
					".legend",
					"select",
					"button[aria-pressed=true]",
					".missed .outcome",
					".right .outcome",
					".names p",
					"nav a",
				]) {
					expect(
						await measureContrast(page, selector),
						selector,
					).toBeGreaterThan(4.5);
				}
				const before = await chartPixels(page);
				await page.emulateMedia({ colorScheme: dark ? "light" : "dark" });
				await eventually(() => chartPixels(page)).not.toBe(before);
				await page.close();
			},
		);

		test("can be operated with the keyboard", async () => {
			const { page } = await openPage(browser, file);
			const focused = () =>
				page.evaluate(
					() =>
						document.activeElement?.id ||
						document.activeElement?.textContent ||
						"",
				);
			const tabTo = async (name: string | RegExp) => {
				for (let i = 0; i < 60; i++) {
					await page.keyboard.press("Tab");
					const at = await focused();
					if (typeof name === "string" ? at === name : name.test(at)) return;
				}
				throw new Error(`Tab never reached ${name}`);
			};
			await page.keyboard.press("Tab");
			expect(await focused()).toBe("Skip to the results");
			await tabTo("category-show");
			await page.keyboard.type("PRO");
			expect(await page.locator("#category-show").inputValue()).toBe(
				"metric:7",
			);
			await tabTo("chart-system");
			await page.keyboard.press("Tab");
			const before = await chartPixels(page);
			await page.keyboard.press("Space");
			await eventually(() => chartPixels(page)).not.toBe(before);
			await tabTo("filter-outcome");
			expect(
				await page.evaluate(
					() => getComputedStyle(document.activeElement!).outlineStyle,
				),
			).toBe("solid");
			await page.keyboard.type("miss");
			expect(
				(await visibleCards(page)).every(({ outcome }) => outcome === "missed"),
			).toBe(true);
			await tabTo("show-map");
			await page.keyboard.press("Space");
			expect(await page.locator(".cards canvas.map:visible").count()).toBe(0);
			await tabTo("Skip the images");
			await page.keyboard.press("Enter");
			await tabTo(/^Versions/);
			await page.keyboard.press("Enter");
			expect(await page.isVisible("text=onnxruntime")).toBe(true);
			await page.close();
		});
	},
);
