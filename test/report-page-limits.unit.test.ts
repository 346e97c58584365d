// The report page under difficult conditions: hostile names, many images, a narrow window, and a failing image source.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	type EvaluationPage,
	writeEvaluationPage,
} from "../dist/report/evaluation/page.js";
import { launchBrowser, noBrowser, openPage } from "./support/browser.js";
import { makeEvaluation, plans } from "./support/evaluation.js";
import { temporaryFolder } from "./support/folder.js";

if (noBrowser) console.warn(`skipped: ${noBrowser}`);

/** A script that records the durations of long tasks in window.tasks. */
const recordLongTasks = `
	window.tasks = [];
	new PerformanceObserver((list) => {
		for (const { duration } of list.getEntries()) tasks.push(duration);
	}).observe({ type: "longtask", buffered: true });
`;

async function writePage(page: EvaluationPage): Promise<string> {
	const file = join(temporaryFolder(), "page.html");
	await writeEvaluationPage(file, page);
	return file;
}

test("the page is written completely or not at all", async () => {
	const folder = temporaryFolder();
	const evaluation = await makeEvaluation({
		datasets: [{ ...plans[1]!, categories: ["candle"] }],
		withImages: false,
	});
	async function* failingImages() {
		yield* evaluation.images;
		throw new Error("the images cannot be read");
	}
	await expect(
		writeEvaluationPage(join(folder, "page.html"), {
			...evaluation,
			images: failingImages(),
		}),
	).rejects.toThrow("the images cannot be read");
	expect(readdirSync(folder)).toEqual([]);
});

test("an image of an unknown category is an error", async () => {
	const evaluation = await makeEvaluation({
		datasets: [{ ...plans[1]!, categories: ["candle"] }],
		withImages: false,
	});
	await expect(
		writeEvaluationPage(join(temporaryFolder(), "page.html"), {
			...evaluation,
			images: [{ ...evaluation.images[0]!, category: "candles" }],
		}),
	).rejects.toThrow("VisA / candles");
});

describe.skipIf(noBrowser)(
	`in a browser${noBrowser && ` (${noBrowser})`}`,
	() => {
		let browser: Browser;
		beforeAll(async () => {
			browser = await launchBrowser();
		});
		afterAll(() => browser?.close());

		test("hostile names are displayed as text", async () => {
			const names = [
				"<img src=x onerror=alert(1)>",
				"</script><script>alert(2)</script>",
				"\u202e\u2067gnp.exe",
				"__proto__",
				"x".repeat(300),
				"\"'&<!--<script>",
			];
			const hostile = await makeEvaluation({
				datasets: [
					{
						name: names[0]!,
						categories: names.slice(0, 5),
						kinds: [names[1]!, names[5]!, names[4]!],
						good: 4,
						defective: 6,
					},
				],
				prompt: names[0]!,
			});
			const { page, errors, requests } = await openPage(
				browser,
				await writePage(hostile),
				{ width: 400 },
			);
			const displayed = names
				.slice(0, 5)
				.map((name) =>
					name.replaceAll("\u202e", "\\u202e").replaceAll("\u2067", "\\u2067"),
				);
			for (const name of displayed)
				expect(
					await page.locator("#category-table tbody th bdi").allTextContents(),
				).toContain(name);
			await page.locator(".cards article").first().scrollIntoViewIfNeeded();
			expect(await page.textContent(".cards article .bar bdi")).toBe(names[0]);
			expect(
				await page.$$eval(
					"script",
					(scripts) => scripts.filter((script) => !script.type).length,
				),
			).toBe(2);
			expect(await page.locator("img:not(.frame img)").count()).toBe(0);
			expect(
				await page.evaluate(
					() => document.documentElement.scrollWidth - innerWidth,
				),
			).toBeLessThanOrEqual(0);
			// The direction marks in a name have no effect on the text after it.
			const positions = await page.$$eval(".cards .names p", (lines) =>
				lines
					.filter(
						(line) =>
							line.textContent!.includes("\\u2067") &&
							line.querySelector("span"),
					)
					.map((line) => {
						const text = line.querySelector("span")!.firstChild!;
						return [0, 1, 2, 3].map((at) => {
							const range = document.createRange();
							range.setStart(text, at);
							range.setEnd(text, at + 1);
							return range.getBoundingClientRect().left;
						});
					}),
			);
			expect(positions.length).toBeGreaterThan(0);
			for (const lefts of positions)
				expect(lefts).toEqual([...lefts].sort((a, b) => a - b));
			expect(errors).toEqual([]);
			expect(requests.filter((url) => !url.startsWith("data:"))).toHaveLength(
				1,
			);
			await page.close();
		});

		test("stays responsive with 1,725 images", async () => {
			const large = await makeEvaluation({
				datasets: [
					{
						...plans[0]!,
						categories: Array.from({ length: 15 }, (_, i) => `category ${i}`),
						good: 31,
						defective: 84,
					},
				],
			});
			expect(large.images).toHaveLength(1725);
			const { page, errors } = await openPage(browser, await writePage(large), {
				init: recordLongTasks,
			});
			const readyTime = await page.evaluate(() => performance.now());
			expect(readyTime).toBeLessThan(5000);
			for (const sort of ["best", "up", "worst"])
				await page.selectOption("#filter-sort", sort);
			for (let i = 0; i < 5; i++)
				await page.click('.pager button[data-step="1"]');
			await page.mouse.wheel(0, 4000);
			await page.waitForTimeout(500);
			expect(await page.locator(".cards article").count()).toBe(48);
			expect(await page.locator(".cards article img").count()).toBeLessThan(48);
			const longest = Math.max(
				0,
				...(await page.evaluate(
					() => (window as unknown as { tasks: number[] }).tasks,
				)),
			);
			expect(longest).toBeLessThan(1000);
			expect(errors).toEqual([]);
			await page.close();
		});

		test("fits a width of 400 pixels, and does not animate if the user prefers reduced motion", async () => {
			const { page } = await openPage(
				browser,
				await writePage(await makeEvaluation({ datasets: plans.slice(1) })),
				{ width: 400, reducedMotion: true },
			);
			expect(
				await page.evaluate(
					() => document.documentElement.scrollWidth - innerWidth,
				),
			).toBeLessThanOrEqual(0);
			expect(
				await page.evaluate(
					() => getComputedStyle(document.documentElement).scrollBehavior,
				),
			).toBe("auto");
			await page.close();
		});

		test("draws the map of a centre crop over the centre square", async () => {
			const evaluation = await makeEvaluation({
				datasets: [{ ...plans[0]!, categories: ["wide", "wider"] }],
			});
			const variants = evaluation.evaluation.variants.map((variant) => ({
				...variant,
				settings: { ...variant.settings, fit: "crop" as const },
			}));
			const { page } = await openPage(
				browser,
				await writePage({
					...evaluation,
					evaluation: { ...evaluation.evaluation, variants },
				}),
			);
			await page.selectOption("#filter-category", "0/1");
			await page.locator(".cards article").first().scrollIntoViewIfNeeded();
			await page.locator(".cards canvas.map").first().waitFor();
			const [frame, map] = await Promise.all(
				[".frame", "canvas.map"].map((selector) =>
					page.locator(`.cards ${selector}`).first().boundingBox(),
				),
			);
			expect(frame!.width / frame!.height).toBeCloseTo(160 / 120, 1);
			expect(map!.width / map!.height).toBeCloseTo(1, 1);
			expect(map!.height).toBeCloseTo(frame!.height, 0);
			expect(map!.x + map!.width / 2).toBeCloseTo(
				frame!.x + frame!.width / 2,
				0,
			);
			await page.close();
		});

		test("works without categories", async () => {
			const { page, errors } = await openPage(
				browser,
				await writePage({
					...(await makeEvaluation({
						datasets: [{ ...plans[0]!, categories: [] }],
					})),
				}),
				{ empty: true },
			);
			await page.getByText("No image matches the filters.").waitFor();
			expect(errors).toEqual([]);
			await page.close();
		});
	},
);
