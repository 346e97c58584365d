// The page of an evaluation, as someone with a browser and no network sees it.
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	writeEvaluationPage,
	type PageImage,
} from "../dist/report/evaluation/page.js";
import {
	coloursOf,
	contrastOf,
	launch,
	noBrowser,
	open,
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
			const made = await makeEvaluation();
			images = made.images;
			await writeEvaluationPage(file, made);
			browser = await launch();
		});
		afterAll(() => browser?.close());

		const shown = (page: Page) =>
			page.$$eval(".cards article", (cards) =>
				cards.map((card) => ({
					name: card.querySelector("h3")!.title,
					score: Number(card.querySelector(".score b")!.textContent),
					verdict: card.className,
				})),
			);
		const ink = (page: Page) =>
			page.$eval("#chart-roc canvas", (canvas) =>
				(canvas as HTMLCanvasElement).toDataURL(),
			);
		/** What a page draws when its turn comes. */
		const soon = <T>(look: () => Promise<T>) =>
			expect.poll(look, { timeout: 15_000 });
		const choose = (page: Page, name: string, value: string) =>
			page.selectOption(`#filter-${name}`, value);

		test("draws everything, breaks no rule and asks nobody", async () => {
			const { page, errors, requests } = await open(browser, file);
			expect(await page.locator(".cards img").count()).toBe(0);
			await page.locator(".cards article").first().scrollIntoViewIfNeeded();
			await page.locator(".cards article canvas.heat").first().waitFor();
			await page.locator(".cards article canvas.outline").first().waitFor();
			for (const selector of [
				".plot canvas",
				".cards article:nth-child(-n+3) canvas",
			]) {
				await soon(
					async () => (await coloursOf(page, selector)).length,
				).toBeGreaterThan(2);
				await soon(async () =>
					Math.min(...(await coloursOf(page, selector))),
				).toBeGreaterThan(1);
			}
			await page.hover("#chart-roc .u-over");
			await soon(() => page.textContent("#chart-roc .readout")).toMatch(
				/^at 0\.\d{3}alfa 0\.\d{3}/,
			);
			await page.selectOption("#chart-category", "1/2");
			await page.click('.pager button[data-turn="1"]');
			expect(errors).toEqual([]);
			expect(requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual(
				[],
			);
			expect(requests.filter((url) => url.startsWith("file:"))).toHaveLength(1);
			await page.close();
		});

		test("what could not be measured is a dash with its reason, and no zero", async () => {
			const { page } = await open(browser, file);
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
				"Mean over the 7 of 8 categories in which it can be measured.",
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
				"Cannot be drawn for this category.",
			);
			await page.close();
		});

		test("filters filter and orders order", async () => {
			const { page } = await open(browser, file);
			const total = images.length;
			expect(await page.textContent("#gallery-status")).toBe(
				`${total} of ${total} images, 1 to 48 shown`,
			);
			await choose(page, "category", "0/3");
			expect(
				(await shown(page)).every(({ name }) => name.startsWith("carpet/")),
			).toBe(true);
			await choose(page, "kind", ":scratch");
			const scratches = await shown(page);
			expect(scratches.map(({ name }) => name).sort()).toEqual(
				images
					.filter(
						(each) => each.category === "carpet" && each.kind === "scratch",
					)
					.map(({ id }) => id)
					.sort(),
			);
			await choose(page, "kind", "all");
			await choose(page, "verdict", "wrong");
			const wrong = await shown(page);
			expect(wrong.length).toBeGreaterThan(0);
			expect(
				wrong.every(
					({ verdict }) => verdict === "missed" || verdict === "alarm",
				),
			).toBe(true);
			await page.click("#filters-reset");
			await page.fill("#filter-text", "PCB1/TEST/BAD/03");
			await page.waitForFunction(
				() => document.querySelectorAll(".cards article").length === 10,
			);
			await choose(page, "sort", "up");
			const up = (await shown(page)).map(({ score }) => score);
			expect(up).toEqual([...up].sort((a, b) => a - b));
			await choose(page, "sort", "down");
			expect((await shown(page)).map(({ score }) => score)).toEqual(
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
			const worst = (await shown(page)).map(({ name }) => byName.get(name)!);
			expect(worst).toEqual(
				[...byName.values()].sort((a, b) => b - a).slice(0, 48),
			);
			await page.close();
		});

		test.each([
			["light", false],
			["dark", true],
		])("%s: its text can be read, its charts follow", async (_, dark) => {
			const { page } = await open(browser, file, { dark });
			for (const selector of [
				"h1",
				".lead",
				".facts dt",
				"#summary td",
				"#summary td.best",
				".published td",
				"#category-table .none",
				".notes li",
				".readout",
				"select",
				"button[aria-pressed=true]",
				".missed .verdict",
				".right .verdict",
				".names p",
				"nav a",
			]) {
				expect(await contrastOf(page, selector), selector).toBeGreaterThan(4.5);
			}
			const before = await ink(page);
			await page.emulateMedia({ colorScheme: dark ? "light" : "dark" });
			await soon(() => ink(page)).not.toBe(before);
			await page.close();
		});

		test("the keyboard reaches and works everything, and gets out again", async () => {
			const { page } = await open(browser, file);
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
			const drawn = await ink(page);
			await page.keyboard.press("Space");
			await soon(() => ink(page)).not.toBe(drawn);
			await tabTo("filter-verdict");
			expect(
				await page.evaluate(
					() => getComputedStyle(document.activeElement!).outlineStyle,
				),
			).toBe("solid");
			await page.keyboard.type("miss");
			expect(
				(await shown(page)).every(({ verdict }) => verdict === "missed"),
			).toBe(true);
			await tabTo("show-heat");
			await page.keyboard.press("Space");
			expect(await page.locator(".cards canvas.heat:visible").count()).toBe(0);
			await tabTo("Skip the images");
			await page.keyboard.press("Enter");
			await tabTo(/^Versions/);
			await page.keyboard.press("Enter");
			expect(await page.isVisible("text=onnxruntime")).toBe(true);
			await page.close();
		});
	},
);
